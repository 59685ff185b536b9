//! The comparison as one self-contained page: the tables, and the figures of the groups' first reports side by side,
//! in the style of the first of these.

use super::text::{BEYOND, change_text};
use super::{Comparison, Difference, Estimate, Group, Row, about_intervals, shown};

/// In place of the reports' style where there is no report.
const PLAIN: &str = "body { margin: 0 auto; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark }\n\
    table { border-collapse: collapse } th, td { padding: .3rem .6rem; text-align: left }\n";
/// On top of the reports' style.
const MORE: &str = ".beside { display: grid; gap: 1rem; overflow-x: auto; margin: 0 0 1.5rem }\n\
    .beside > div { min-width: 0; display: flex; flex-direction: column }\n\
    .beside figure { flex: 1 }\n\
    .compared td, .compared th { text-align: left; white-space: normal }\n\
    .compared td { overflow-wrap: anywhere }\n\
    .numbers td { white-space: nowrap }\n\
    .numbers td.beyond { font-weight: 700 }\n";
/// Least width of a group's column, in rem.
const COLUMN: usize = 22;
const MINUS: char = '\u{2212}';
/// Figures that are not of the weather, and the same in all reports of a pipeline.
const LEFT_OUT: &[&str] = &["stages"];

/// A figure of a report.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Picture<'a> {
    id: &'a str,
    /// From `<figure` to `</figure>`.
    html: &'a str,
}

/// The page's HTML.
pub(super) fn of(comparison: &Comparison) -> String {
    let reports: Vec<Option<&str>> =
        comparison.groups.iter().map(|group| group.samples[0].report.as_deref()).collect();
    let style = reports.iter().flatten().find_map(|report| between(report, "<style>", "</style>"));
    let width = (COLUMN + 14) * comparison.groups.len().max(2);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Runs compared</title>\n\
         <style>\n{}\nbody {{ max-width: {width}rem }}\n{MORE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Runs compared</h1>\n{}{}{}{}</main>\n</body>\n</html>\n",
        style.unwrap_or(PLAIN),
        groups(comparison),
        settings(comparison),
        figures(comparison),
        pictures(comparison, &reports),
    )
}

fn groups(comparison: &Comparison) -> String {
    let row = |group: &Group| {
        vec![group.label.clone(), group.names().join(", "), group.seeds(), group.commits().join(", ")]
    };
    let rows = comparison.groups.iter().map(row).collect();
    let header = ["Group", "Runs", "Seeds", "Commit"].map(str::to_string).to_vec();
    format!(
        "<p class=\"soft\">Runs of a group differ in nothing but seeds.</p>\n{}",
        table("Groups", header, rows)
    )
}

fn settings(comparison: &Comparison) -> String {
    let row = |row: &Difference| [vec![row.key.clone()], row.values.clone()].concat();
    let rows: Vec<_> = comparison.settings.iter().map(row).collect();
    let mut html = "<h2 id=\"settings\">Settings that differ</h2>\n".to_string();
    html += &match rows.is_empty() {
        true => "<p>No setting that is known differs.</p>\n".to_string(),
        false => table("Settings that differ", header("Setting", &comparison.groups), rows),
    };
    for group in comparison.groups.iter().filter(|group| !group.settings().are_recorded) {
        html += &format!("<p>Settings not recorded of {}: only what was --set is known.</p>\n", group.label);
    }
    html
}

fn figures(comparison: &Comparison) -> String {
    let groups = &comparison.groups;
    let mut head = header("Figure", groups);
    head.extend(groups.iter().skip(1).map(|group| format!("{} {MINUS} {}", group.label, groups[0].label)));
    let (main, others): (Vec<&Row>, Vec<&Row>) = comparison.rows.iter().partition(|row| row.is_main);
    let rows = |rows: Vec<&Row>| rows.into_iter().map(|row| cells(row, groups)).collect();
    format!(
        "<h2 id=\"figures\">Figures</h2>\n<p class=\"soft\">{}</p>\n{}<details class=\"shown\"><summary>{} more \
         figures</summary>\n{}</details>\n",
        escape(&about_intervals(groups)),
        number_table("Main figures", head.clone(), rows(main)),
        others.len(),
        number_table("More figures", head, rows(others)),
    )
}

fn cells(row: &Row, groups: &[Group]) -> Vec<String> {
    let decimals = row.decimals();
    let estimate = |(estimate, group): (&Option<Estimate>, &Group)| {
        estimate.as_ref().map_or("-".to_string(), |estimate| shown(estimate, decimals, group.samples.len()))
    };
    let changes = (1..groups.len())
        .map(|group| row.change(group).map_or("-".to_string(), |change| change_text(&change, decimals)));
    let numbers = row.estimates.iter().zip(groups).map(estimate).chain(changes);
    std::iter::once(row.heading()).chain(numbers.map(|text| text.replace('-', &MINUS.to_string()))).collect()
}

/// The figures of the reports, one row a figure, one column a group.
fn pictures(comparison: &Comparison, reports: &[Option<&str>]) -> String {
    let of_groups: Vec<Vec<Picture>> =
        reports.iter().map(|report| report.map(pictures_of).unwrap_or_default()).collect();
    let mut ids: Vec<&str> = Vec::new();
    for picture in of_groups.iter().flatten().filter(|picture| !LEFT_OUT.contains(&picture.id)) {
        if !ids.contains(&picture.id) {
            ids.push(picture.id);
        }
    }
    let mut html =
        "<h2 id=\"pictures\">Pictures</h2>\n<p class=\"soft\">Of the first run of each group.</p>\n"
            .to_string();
    for (group, _) in comparison.groups.iter().zip(reports).filter(|(_, report)| report.is_none()) {
        html += &format!("<p>{} has no report.html.</p>\n", escape(&group.samples[0].name));
    }
    let columns = format!("grid-template-columns: repeat({}, minmax({COLUMN}rem, 1fr))", reports.len());
    for id in ids {
        html += &format!("<div class=\"beside\" style=\"{columns}\">\n");
        for (group, pictures) in comparison.groups.iter().zip(&of_groups) {
            let picture = pictures.iter().find(|picture| picture.id == id);
            let (label, name) = (&group.label, escape(&group.samples[0].name));
            let figure =
                picture.map_or_else(|| "<p>Not drawn.</p>".to_string(), |picture| picture.renamed(label));
            html += &format!(
                "<div><p><strong>{label}</strong> <span class=\"soft\">{name}</span></p>{figure}</div>\n"
            );
        }
        html += "</div>\n";
    }
    html
}

/// The figures of a report, in order.
fn pictures_of(report: &str) -> Vec<Picture<'_>> {
    const START: &str = "<figure id=\"";
    let starts = report.match_indices(START).map(|(at, _)| &report[at..]);
    let picture = |rest| {
        let html = &rest[..between_end(rest, "</figure>")?];
        Some(Picture { id: between(html, START, "\"")?, html })
    };
    starts.filter_map(picture).collect()
}

impl Picture<'_> {
    /// With an id that no other group's has, in one column of the grid.
    fn renamed(&self, label: &str) -> String {
        let id = format!("id=\"{}\"", self.id);
        self.html.replacen(&id, &format!("id=\"{label}-{}\"", self.id), 1).replacen(" class=\"wide\"", "", 1)
    }
}

/// What stands between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end)?.0)
}

/// Where the first `end` ends.
fn between_end(text: &str, end: &str) -> Option<usize> {
    text.find(end).map(|at| at + end.len())
}

fn header(first: &str, groups: &[Group]) -> Vec<String> {
    std::iter::once(first.to_string()).chain(groups.iter().map(|group| group.label.clone())).collect()
}

/// A table of words.
fn table(label: &str, header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    table_of("", label, header, rows)
}

/// A table of figures, whose cells stay on one line.
fn number_table(label: &str, header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    table_of(" numbers", label, header, rows)
}

fn table_of(class: &str, label: &str, header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let head: String = header.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escape(cell))).collect();
    let cell = |cell: &String| {
        let beyond = if cell.ends_with(BEYOND) { " class=\"beyond\"" } else { "" };
        format!("<td{beyond}>{}</td>", escape(cell))
    };
    let row = |row: &Vec<String>| {
        let cells: String = row.iter().skip(1).map(cell).collect();
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(&row[0]))
    };
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n<table class=\"compared{class}\">\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
        rows.iter().map(row).collect::<String>()
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_whole_and_in_order() {
        let report = "<p>x</p><figure id=\"a\" class=\"wide\"><svg/></figure> <figure>no</figure><figure id=\"b\">\
                      2</figure><figure id=\"cut";
        let pictures = pictures_of(report);
        let ids: Vec<_> = pictures.iter().map(|picture| picture.id).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(pictures[0].renamed("B"), "<figure id=\"B-a\"><svg/></figure>");
    }
}
