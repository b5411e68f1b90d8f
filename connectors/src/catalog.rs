//! The ready definitions that ship: `catalog/*.yaml`, a system each. To add one, put its file there.

use include_dir::{Dir, include_dir};

use crate::definition::{self, Definition, Origin, Reference, Setting};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

/// A ready definition.
#[derive(Debug)]
pub struct Entry {
    /// The name of its file without the ending.
    pub id: String,
    /// The file.
    pub text: &'static str,
    /// What it says.
    pub definition: Definition,
}

/// All of them, by id.
pub fn all() -> Vec<Entry> {
    let mut found: Vec<Entry> = FILES
        .files()
        .filter(|file| file.path().extension().is_some_and(|ending| ending == "yaml"))
        .filter_map(|file| {
            let id = file.path().file_stem()?.to_str()?.to_owned();
            let text = file.contents_utf8()?;
            let mut origin = Origin::new(format!("{id}.yaml"), text);
            for list in FILES.files() {
                let name = list.path().file_name()?.to_str()?.to_owned();
                origin.beside.extend(list.contents_utf8().map(|text| (name, Ok(text.to_owned()))));
            }
            let definition = definition::read(vec![origin]).0.pop()?;
            Some(Entry { id, text, definition })
        })
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

impl Entry {
    /// Environment variables that it needs.
    pub fn variables(&self) -> Vec<&str> {
        let of = |setting| match setting {
            &Setting::Reference(Reference::Env(ref name)) => Some(name.as_str()),
            _ => None,
        };
        let mut names: Vec<&str> = self.definition.settings().into_iter().filter_map(of).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Its text for another region and agency. Its tests name the region too.
    pub fn of(&self, region: Option<&str>, agency: Option<&str>) -> String {
        let system = &self.definition.system;
        let mut text = self.text.to_owned();
        if let Some(region) = region {
            text = text.replace(&format!("region: \"{}\"", system.region), &format!("region: \"{region}\""));
        }
        if let Some(agency) = agency {
            text = text.replacen(&format!("agency: {}", system.agency), &format!("agency: {agency}"), 1);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_definition_is_embedded_and_lints_for_another_region() {
        let all = all();
        let files = FILES.files().filter(|file| file.path().extension().is_some_and(|ending| ending == "yaml")).count();

        assert_eq!(all.len(), files, "one of them does not lint");
        for entry in all {
            let text = entry.of(Some("33.02"), Some("1.02.0.00.0.00.01.0000"));
            let (definitions, found) = definition::read(vec![Origin::new("copy.yaml", text)]);
            let errors: Vec<String> = found.iter().filter(|found| found.is_error()).map(ToString::to_string).collect();
            // Lists that stand beside a definition are not copied here.
            if entry.definition.origin.beside.is_empty() || !entry.text.contains("crosswalks:") {
                assert_eq!(definitions.len(), 1, "{}: {errors:?}", entry.id);
                assert_eq!(definitions[0].system.region, "33.02");
            }
        }
    }
}
