//! Who looks: every read on behalf of a person or an application carries a [`Viewer`]. Default deny. Pure.

use serde::{Deserialize, Serialize};

/// What a viewer may see; made once from an API key, a session or a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Viewer {
    /// What the viewer is.
    pub role: Role,
    /// Regions, with all regencies of a province that is named; `None` means all.
    pub regions: Option<Vec<String>>,
    /// Agencies; `None` means all of the regions.
    pub agencies: Option<Vec<String>>,
    /// Whether personal data may be seen.
    pub may_see_personal: bool,
}

/// What somebody is to the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Governor, bupati, mayor.
    Leader,
    /// Head of an agency.
    AgencyHead,
    /// Staff of an agency.
    AgencyStaff,
    /// IT operator.
    Operator,
    /// Auditor.
    Auditor,
    /// An application.
    App,
}

impl Viewer {
    /// The installation itself: readers, digests, the command line on the machine.
    pub const fn internal() -> Self {
        Self { role: Role::Operator, regions: None, agencies: None, may_see_personal: true }
    }

    /// Whether a row of this region and agency may be shown. Rows without an agency belong to the region as a whole.
    pub fn sees(&self, region: &str, agency: Option<&str>) -> bool {
        let in_region =
            |grant: &String| region == grant || (grant.len() == 2 && region.starts_with(&format!("{grant}.")));
        let regions = self.regions.as_ref().is_none_or(|regions| regions.iter().any(in_region));
        let agencies = self
            .agencies
            .as_ref()
            .is_none_or(|agencies| agency.is_some_and(|agency| agencies.iter().any(|grant| grant == agency)));
        regions && agencies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(regions: Option<&[&str]>, agencies: Option<&[&str]>) -> Viewer {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Viewer { role: Role::App, regions: regions.map(own), agencies: agencies.map(own), may_see_personal: false }
    }

    #[test]
    fn a_province_sees_its_regencies_and_nobody_elses() {
        let java = viewer(Some(&["33"]), None);
        assert!(java.sees("33", None) && java.sees("33.02", Some("1.01")));
        assert!(!java.sees("32.11", None) && !java.sees("34", None));
        assert!(!viewer(Some(&["33.02"]), None).sees("33", None));
        assert!(!viewer(Some(&[]), None).sees("33", None), "nothing granted is nothing seen");
    }

    #[test]
    fn an_agency_sees_its_own_rows() {
        let health = viewer(None, Some(&["1.02"]));
        assert!(health.sees("33.02", Some("1.02")));
        assert!(!health.sees("33.02", Some("1.01")) && !health.sees("33.02", None));
    }
}
