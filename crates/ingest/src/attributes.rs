//! What the attributes of a NetCDF file say of its data: licence, attribution, origin, references, by the names of the
//! CF conventions and of the Attribute Convention for Data Discovery.

use std::path::Path;

use contract::credit::{Credit, one_line};

use crate::backend::NetcdfFile;

/// A file whose attributes cannot be read says nothing; that is no reason to refuse its hours.
pub(crate) fn credit(file: &dyn NetcdfFile, path: &Path) -> Credit {
    match file.texts_of_file() {
        Ok(texts) => of_texts(&texts),
        Err(error) => {
            let path = path.display();
            tracing::warn!(
                "the attributes of {path} cannot be read, so what it says of its licence is not known: {error}"
            );
            Credit::default()
        }
    }
}

/// Names are compared without regard to case. Semicolons part sources and references, as in the files that the tasks
/// write.
fn of_texts(texts: &[(String, String)]) -> Credit {
    let values = |names: &'static [&'static str]| {
        let of_name = |wanted: &&'static str| {
            let wanted = *wanted;
            let found = texts.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted));
            found.filter_map(|(_, text)| one_line(text))
        };
        names.iter().flat_map(of_name).collect::<Vec<String>>()
    };
    let listed = |texts: Vec<String>| {
        let parts = texts.iter().flat_map(|text| text.split("; ")).filter_map(one_line);
        parts.collect()
    };
    Credit {
        licences: values(&["license", "licence"]).into_iter().collect(),
        attributions: values(&["attribution", "acknowledgement", "acknowledgment"]).into_iter().collect(),
        sources: listed(values(&["source", "institution"])),
        references: listed(values(&["references"])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_conventions_are_known_and_others_left_alone() {
        let text = |name: &str, text: &str| (name.to_string(), text.to_string());
        let credit = of_texts(&[
            text("history", "2020: made"),
            text("License", "CC BY 4.0"),
            text("institution", "An institute,\n of weather"),
            text("source", "a model"),
            text("acknowledgement", "Thanks to all."),
            text("attribution", " "),
            text("references", "Someone 2020"),
        ]);
        assert_eq!(credit.licence().as_deref(), Some("CC BY 4.0"));
        assert_eq!(credit.source().as_deref(), Some("An institute, of weather; a model"));
        assert_eq!(credit.attribution().as_deref(), Some("Thanks to all."));
        assert_eq!(credit.references_line().as_deref(), Some("Someone 2020"));
        assert!(of_texts(&[text("title", "x")]).is_empty());
    }
}
