//! Links between documents.

use crate::tree::{Faults, ending, regex, root};

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut faults = Faults::default();
    let link = regex(r"\]\(([^)\s]+)\)");
    for file in ending(".md") {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in file.lines() {
            for found in link.captures_iter(line) {
                let target = found[1].split('#').next().unwrap_or_default();
                if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                if !root().join(folder).join(target).exists() {
                    faults.at(&file.path, number, format_args!("no {target}"));
                }
            }
        }
    }
    faults.end("Every link between documents leads to a file that is there.");
}
