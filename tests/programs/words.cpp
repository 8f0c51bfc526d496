// SPDX-License-Identifier: MIT
// Lists arguments and a variable, counts the words of /data/in.txt, writes /data/out.txt, and exits with 3.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    std::ifstream in("/data/in.txt");
    if (!in) return 4;
    for (const std::string argument : std::vector<std::string>(argv + 1, argv + argc))
        std::cout << "argument " << argument << '\n';
    std::cout << "VARIABLE=" << std::getenv("VARIABLE") << '\n';
    std::map<std::string, int> counts;
    for (std::string word; in >> word;) ++counts[word];
    std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    for (const auto& [word, count] : sorted) std::cout << word << ' ' << count << '\n';
    std::ofstream("/data/out.txt") << counts.size() << " words\n";
    std::exit(3);
}
