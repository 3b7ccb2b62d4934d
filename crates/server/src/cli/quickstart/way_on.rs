//! How to go on.

use super::client::Client;
use crate::cli::{Failure, say};
use crate::first_start::{ADMIN, ADMIN_PASSWORD};
use crate::service::Service;

pub(super) fn print(service: &Service, client: &Client, ends: bool) -> Result<(), Failure> {
    let data = service.dir.path().display();
    if ends {
        say("\nTo go on: redoubt quickstart, without --exit, keeps serving.")?;
        return Ok(());
    }
    say(format_args!("\nServing at {}; login {ADMIN}, {}", client.url(), password(service)))?;
    say(format_args!(
        "The agent keeps reporting. Stop with Ctrl-C; `redoubt serve --data {data}` serves the same data."
    ))?;
    Ok(())
}

fn password(service: &Service) -> String {
    match (&service.first_start.password, service.first_start.admin) {
        (Some(password), _) => format!("password {password}"),
        (None, true) => format!("password as in {ADMIN_PASSWORD}"),
        (None, false) => {
            let data = service.dir.path().display();
            format!(
                "password as at the first start (`redoubt user passwd {ADMIN} --data {data} --password-stdin` sets another)"
            )
        }
    }
}
