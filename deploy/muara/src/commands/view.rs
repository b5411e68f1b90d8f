//! `muara view rebuild`

use std::process::ExitCode;

use muara_hub::projector;

use crate::cli::View;
use crate::config::Config;
use crate::failure::Failure;
use crate::installation;

/// Works on the read models.
pub(super) async fn run(what: View, config: &Config) -> Result<ExitCode, Failure> {
    let View::Rebuild = what;
    let db = installation::look(config).await?;
    projector::rebuild(&db).await?;
    db.close().await;
    eprintln!("the totals are empty and will be built anew from the log; `muara doctor` tells how far that is");
    Ok(ExitCode::SUCCESS)
}
