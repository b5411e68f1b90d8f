//! Scope in SQL: the same rule as [`Viewer::sees`], so that a row outside it never leaves the database.

use crate::access::Viewer;

use super::rows::Statement;

impl Statement {
    /// Adds ` and (…)`: of the rows, those that the viewer may see. `region` and `agency` are expressions of ours.
    #[must_use]
    pub fn scope(mut self, viewer: &Viewer, region: &str, agency: &str) -> Self {
        self.push(" and ");
        self.visible(viewer, region, agency)
    }

    /// Adds the bare condition; it is not true where an expression is null and the viewer is bound by it.
    #[must_use]
    pub fn visible(mut self, viewer: &Viewer, region: &str, agency: &str) -> Self {
        self.push("(1 = 1");
        if let Some(regions) = &viewer.regions {
            self.push(" and (1 = 0");
            for grant in regions {
                self.and(&format!(" or {region} = {{}}"), grant.as_str());
                if grant.len() == 2 {
                    // A province holds its regencies `NN.NN`; `/` follows `.` in byte order, by which both engines compare.
                    self.and(&format!(" or ({region} >= {{}}"), format!("{grant}."));
                    self.and(&format!(" and {region} < {{}})"), format!("{grant}/"));
                }
            }
            self.push(")");
        }
        if let Some(agencies) = &viewer.agencies {
            self.push(" and (1 = 0");
            for grant in agencies {
                self.and(&format!(" or {agency} = {{}}"), grant.as_str());
            }
            self.push(")");
        }
        self.push(")");
        self
    }
}
