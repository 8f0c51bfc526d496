// SPDX-License-Identifier: MIT
// Tells how fast the machine compiles just now: templates and inlining of the standard library, nothing of ours.

#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>

bool matches(const std::string& text) {
    static const std::regex word("([a-z]+)(-[a-z]+)*", std::regex::ECMAScript);
    return std::regex_match(text, word);
}
std::map<std::string, int> count(const std::vector<std::string>& words) {
    std::map<std::string, int> n;
    for (const std::string& w : words)
        if (matches(w)) ++n[w];
    return n;
}
std::vector<std::string> sorted(std::vector<std::string> words) {
    std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    std::sort(words.begin(), words.end(), std::greater<>());
    return words;
}
