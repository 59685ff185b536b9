//! Which certificates are trusted, and what it means when one is not.

use anyhow::{Context, bail};
use ureq::tls::{PemItem, RootCerts, parse_pem};

use crate::environment::Environment;
use crate::http::Trouble;

/// The certificates that are trusted: those of the environment, in the place of the built-in ones, as
/// the official clients do it.
pub(crate) fn trusted(environment: &Environment) -> anyhow::Result<RootCerts> {
    let named = ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]
        .into_iter()
        .find_map(|name| environment.get(name).map(|path| (name, path)));
    let Some((name, path)) = named else {
        return Ok(RootCerts::WebPki);
    };
    let bytes = std::fs::read(environment.path(path))
        .with_context(|| format!("cannot read the certificates of {name}, {path}"))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&bytes) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => bail!("{path}, named by {name}, cannot be read as certificates: {error}"),
        }
    }
    if certificates.is_empty() {
        bail!("{path}, named by {name}, has no certificate in it; wanted PEM (-----BEGIN CERTIFICATE-----)");
    }
    Ok(RootCerts::from(certificates))
}

/// What a failed handshake means; the text follows the name of a host.
pub(crate) fn untrusted(error: &rustls::Error) -> Trouble {
    match error {
        rustls::Error::InvalidCertificate(reason) => Trouble::Lasting(format!(
            "shows a certificate that is not trusted ({reason:?}); if your network inspects encrypted \
             connections, name its certificates: SSL_CERT_FILE=FILE"
        )),
        other => Trouble::Passing(format!("breaks off the encrypted connection ({other})")),
    }
}

/// The failed handshake within a failure of reading or writing.
pub(crate) fn tls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref::<rustls::Error>()
}
