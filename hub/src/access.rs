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

    /// The same viewer, who looks at some regions and agencies only; an empty list narrows nothing. What he may not see
    /// he does not see by naming it.
    #[must_use]
    pub fn narrowed(&self, regions: &[String], agencies: &[String]) -> Self {
        let within =
            |outer: &str, inner: &str| inner == outer || (outer.len() == 2 && inner.starts_with(&format!("{outer}.")));
        let regions = match (&self.regions, regions) {
            (granted, []) => granted.clone(),
            (None, wanted) => Some(wanted.to_vec()),
            // Of a grant and a wish that overlap, one lies within the other.
            (Some(granted), wanted) => Some(
                wanted
                    .iter()
                    .flat_map(|wish| {
                        let smaller = |grant: &String| {
                            if within(grant, wish) {
                                Some(wish.clone())
                            } else {
                                within(wish, grant).then(|| grant.clone())
                            }
                        };
                        granted.iter().filter_map(smaller)
                    })
                    .collect(),
            ),
        };
        let agencies = match (&self.agencies, agencies) {
            (granted, []) => granted.clone(),
            (None, wanted) => Some(wanted.to_vec()),
            (Some(granted), wanted) => Some(wanted.iter().filter(|wish| granted.contains(wish)).cloned().collect()),
        };
        Self { regions, agencies, ..self.clone() }
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
    fn a_wish_narrows_and_never_widens() {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let java = viewer(Some(&["33"]), Some(&["1.02", "1.03"]));
        assert_eq!(java.narrowed(&[], &[]), java);
        assert_eq!(java.narrowed(&own(&["33.02"]), &[]).regions, Some(own(&["33.02"])));
        assert_eq!(java.narrowed(&own(&["32"]), &[]).regions, Some(vec![]), "nothing is left, which is not everything");
        assert_eq!(java.narrowed(&[], &own(&["1.02", "9.99"])).agencies, Some(own(&["1.02"])));
        let regency = viewer(Some(&["33.02"]), None);
        assert_eq!(regency.narrowed(&own(&["33"]), &own(&["1.02"])).regions, Some(own(&["33.02"])));
        assert_eq!(viewer(None, None).narrowed(&own(&["33"]), &[]).regions, Some(own(&["33"])));
    }

    #[test]
    fn an_agency_sees_its_own_rows() {
        let health = viewer(None, Some(&["1.02"]));
        assert!(health.sees("33.02", Some("1.02")));
        assert!(!health.sees("33.02", Some("1.01")) && !health.sees("33.02", None));
    }
}
