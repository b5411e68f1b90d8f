//! Licences and unwanted crates, judged by deny.toml without any tool and without a network.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;

use toml::{Table, Value};

use crate::tree::{Faults, files, root};

/// What `deny.toml` says.
struct Policy {
    allowed: Vec<String>,
    banned: Vec<String>,
}

fn policy() -> Policy {
    let file = files().iter().find(|file| file.path == "deny.toml").expect("there is a deny.toml");
    let table: Table = file.text.parse().expect("deny.toml is TOML");
    let list = |section: &str, key: &str| table[section][key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().or_else(|| value.get("crate")?.as_str()).map(str::to_owned);
    Policy {
        allowed: list("licenses", "allow").iter().filter_map(text).collect(),
        banned: list("bans", "deny").iter().filter_map(text).collect(),
    }
}

/// Every crate that this machine builds, `name version` to licence, as cargo knows it from the lock file.
fn crates() -> &'static BTreeMap<String, String> {
    static CRATES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    CRATES.get_or_init(read_crates)
}

fn read_crates() -> BTreeMap<String, String> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let arguments = ["tree", "--workspace", "--locked", "--offline", "--prefix", "none", "--format", "{p}|{l}"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("cargo prints text");
    let entries = text.lines().filter_map(|line| line.trim_end_matches(" (*)").rsplit_once('|'));
    let crates: BTreeMap<String, String> = entries
        .map(|(name, licence)| (name.split(' ').take(2).collect::<Vec<_>>().join(" "), licence.trim().to_owned()))
        .collect();
    assert!(crates.len() > 100, "the tree of crates was read");
    crates
}

/// Whether an SPDX expression can be satisfied with these licences: `OR` takes either side, `AND` both.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let verdict = either(&mut rest, allowed);
    verdict && rest.is_empty()
}

fn either(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut verdict = both(words, allowed);
    while words.first() == Some(&"OR") {
        *words = &words[1..];
        verdict |= both(words, allowed);
    }
    verdict
}

fn both(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut verdict = one(words, allowed);
    while words.first() == Some(&"AND") {
        *words = &words[1..];
        verdict &= one(words, allowed);
    }
    verdict
}

fn one(words: &mut &[&str], allowed: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    *words = rest;
    if *first != "(" {
        return allowed.contains(&first.replace("+WITH+", " WITH "));
    }
    let verdict = either(words, allowed);
    let closed = words.first() == Some(&")");
    *words = words.get(1..).unwrap_or_default();
    verdict && closed
}

#[test]
fn every_licence_is_one_that_we_allow() {
    let mut faults = Faults::default();
    let policy = policy();
    for (name, licence) in crates() {
        if !is_allowed(licence, &policy.allowed) {
            faults.at("Cargo.lock", 1, format_args!("{name}: `{licence}`"));
        }
    }
    faults.end("Every crate that we build has a licence of the list in deny.toml.");
}

#[test]
fn no_unwanted_crate_is_built() {
    let mut faults = Faults::default();
    let policy = policy();
    assert!(!policy.banned.is_empty(), "deny.toml bans something");
    for name in crates().keys() {
        if policy.banned.iter().any(|banned| name.split(' ').next() == Some(banned)) {
            faults.at("Cargo.lock", 1, name);
        }
    }
    faults.end("None of the crates that deny.toml bans is built.");
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    let cases = [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("(ISC AND GPL-3.0) OR Zlib", false),
        ("Apache-2.0 WITH LLVM-exception OR Zlib", true),
        ("Apache-2.0", false),
        ("(MIT", false),
        ("", false),
    ];
    for (expression, expected) in cases {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
