//! Encrypted connections, with a certificate that the server makes.

use cds_server::{Misbehaviour, Server, Settings, Turns};

use crate::fixture::{Desk, a_day, the_day};

fn desk_with(certificate: Option<&str>) -> Desk {
    let mut desk = Desk::at(Server::start_tls(Settings::default()).unwrap());
    let path = desk.path().join("certificates.pem");
    let own = desk.server.certificate().unwrap().to_string();
    std::fs::write(&path, certificate.unwrap_or(&own)).unwrap();
    desk.environment.push(("SSL_CERT_FILE".to_string(), path.to_str().unwrap().to_string()));
    desk
}

#[test]
fn a_certificate_that_is_named_is_trusted() {
    let desk = desk_with(None);
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(desk.server.requests()[0].header("private-token"), Some(Settings::default().key.as_str()));
    // The clients' own variable comes first.
    let mut desk = desk_with(None);
    let named = std::mem::replace(&mut desk.environment[2].1, "missing".to_string());
    desk.environment.push(("REQUESTS_CA_BUNDLE".to_string(), named));
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
}

#[test]
fn a_certificate_that_is_not_trusted_ends_it_before_anything_is_sent() {
    let mut desk = desk_with(None);
    desk.environment.truncate(2);
    let error = desk.fetch(&a_day()).unwrap_err();
    assert_eq!(
        error,
        "127.0.0.1 shows a certificate that is not trusted (UnknownIssuer); if your network inspects encrypted \
         connections, name its certificates: SSL_CERT_FILE=FILE"
    );
    assert_eq!(desk.server.requests(), []);
    // Another's certificate is as good as none.
    let other = Server::start_tls(Settings::default()).unwrap();
    let error = desk_with(other.certificate()).fetch(&a_day()).unwrap_err();
    assert!(error.starts_with("127.0.0.1 shows a certificate that is not trusted"), "{error}");
}

#[test]
fn a_file_without_certificates_is_named() {
    let desk = desk_with(Some("nothing"));
    let error = desk.fetch(&a_day()).unwrap_err();
    let path = desk.path().join("certificates.pem");
    assert_eq!(
        error,
        format!(
            "{}, named by SSL_CERT_FILE, has no certificate in it; wanted PEM (-----BEGIN CERTIFICATE-----)",
            path.display()
        )
    );
    std::fs::remove_file(&path).unwrap();
    let error = desk.fetch(&a_day()).unwrap_err();
    assert_eq!(
        error,
        format!(
            "cannot read the certificates of SSL_CERT_FILE, {}: No such file or directory (os error 2)",
            path.display()
        )
    );
}

#[test]
fn an_encrypted_connection_is_not_left_for_another() {
    let plain = Server::start(Settings::default()).unwrap();
    let to = format!("{}{{target}}", plain.origin());
    let desk = desk_with(None).with("POST", "/execution", Turns::Always, Misbehaviour::Redirect(307, to));
    let error = desk.fetch(&a_day()).unwrap_err();
    assert_eq!(
        error.replace(&plain.origin(), "PLAIN"),
        "127.0.0.1 redirects from SERVER/api/retrieve/v1/processes/reanalysis-era5-single-levels-timeseries/\
         execution to PLAIN/api/retrieve/v1/processes/reanalysis-era5-single-levels-timeseries/execution, \
         which is not encrypted"
    );
    assert_eq!(plain.requests(), []);
}

#[test]
fn a_cut_encrypted_connection_is_continued() {
    let desk = desk_with(None).with("GET", "/files/", Turns::Only(0), Misbehaviour::CutBody(50));
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
}
