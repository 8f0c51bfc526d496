// SPDX-License-Identifier: MIT
// Lists arguments and a variable, counts the words of /data/in.txt, writes /data/out.txt, and exits with 3.
use std::collections::BTreeMap;

fn main() {
    let text = match std::fs::read_to_string("/data/in.txt") {
        Ok(text) => text,
        Err(_) => std::process::exit(4),
    };
    for argument in std::env::args().skip(1) {
        println!("argument {}", argument);
    }
    println!("VARIABLE={}", std::env::var("VARIABLE").unwrap());
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1));
    for (word, count) in sorted {
        println!("{} {}", word, count);
    }
    std::fs::write("/data/out.txt", format!("{} words\n", counts.len())).unwrap();
    std::process::exit(3);
}
