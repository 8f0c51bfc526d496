// SPDX-License-Identifier: MIT
// Lists arguments and a variable, counts the words of /data/in.txt, writes /data/out.txt, and exits with 3.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char word[32];
    int count;
};

static int by_count(const void* a, const void* b) {
    const struct entry *x = a, *y = b;
    return x->count != y->count ? y->count - x->count : strcmp(x->word, y->word);
}

int main(int argc, char** argv) {
    struct entry entries[64] = {0};
    int n = 0;
    char word[32];
    FILE* in = fopen("/data/in.txt", "r");
    if (!in) return 4;
    for (int i = 1; i < argc; ++i) printf("argument %s\n", argv[i]);
    printf("VARIABLE=%s\n", getenv("VARIABLE"));
    while (fscanf(in, "%31s", word) == 1) {
        int i = 0;
        while (i < n && strcmp(entries[i].word, word) != 0) ++i;
        if (i == n) strcpy(entries[n++].word, word);
        ++entries[i].count;
    }
    fclose(in);
    qsort(entries, (size_t)n, sizeof *entries, by_count);
    for (int i = 0; i < n; ++i) printf("%s %d\n", entries[i].word, entries[i].count);
    FILE* out = fopen("/data/out.txt", "w");
    if (!out) return 5;
    fprintf(out, "%d words\n", n);
    fclose(out);
    exit(3);
}
