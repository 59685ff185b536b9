//! Archives that are not to be trusted.

use cds_server::{Settings, archive};

use crate::fixture::{Desk, a_day};

const STEM: &str = "era5_timeseries_2m_temperature_1970-01-01_1970-01-01";
const CSV: &[u8] = b"valid_time,t2m\n1970-01-01 00:00:00,280.5\n";

fn check_error(file: Vec<u8>, message: &str) {
    let desk = Desk::new(Settings { file: Some(file), ..Settings::default() });
    assert_eq!(desk.fetch(&a_day()).unwrap_err(), message);
    // Nothing but the list of jobs and drafts, which do not count.
    let done = desk.work().join("done").join(STEM);
    assert!(!done.exists());
}

#[test]
fn no_path_of_an_archive_is_used() {
    let evil = archive(&[
        ("../../escaped.csv", CSV),
        ("/tmp/isotherm-escaped.csv", CSV),
        ("..\\..\\escaped.nc", b"CDF\x01rest"),
        ("readme.txt", b"hello"),
        ("a/", b""),
    ]);
    let desk = Desk::new(Settings { file: Some(evil.unwrap()), ..Settings::default() });
    let files = desk.fetch(&a_day()).unwrap();
    let names: Vec<String> = files.keys().cloned().collect();
    // In the order of their names: "../", "..\", "/tmp".
    assert_eq!(names, [format!("{STEM}_1.csv"), format!("{STEM}_2.nc"), format!("{STEM}_3.csv")]);
    assert_eq!(files[&names[0]], CSV);
    let around: Vec<_> =
        std::fs::read_dir(desk.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(around.len(), 2, "{around:?}");
    assert!(!std::path::Path::new("/tmp/isotherm-escaped.csv").exists());
}

#[test]
fn an_archive_that_fills_disks_is_not_unpacked() {
    let mut member = CSV.to_vec();
    member.resize(80 * 1024 * 1024, b'0');
    check_error(
        archive(&[("a.csv", &member)]).unwrap(),
        &format!(
            "the archive of {STEM} cannot be used: its member \"a.csv\": grows beyond what an archive of this \
             size may hold; it is not unpacked further"
        ),
    );
}

#[test]
fn an_archive_of_too_many_members_is_not_unpacked() {
    let names: Vec<String> = (0..1001).map(|number| format!("{number}.csv")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), CSV)).collect();
    check_error(
        archive(&members).unwrap(),
        &format!("the archive of {STEM} cannot be used: it has 1001 members; wanted at most 1000"),
    );
}

#[test]
fn a_damaged_member_is_an_error() {
    let whole = archive(&[("a.csv", CSV)]).unwrap();
    // The CRC of the central directory, which is what counts.
    let directory = whole.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let mut damaged = whole.clone();
    damaged[directory + 16] ^= 1;
    check_error(
        damaged,
        &format!("the archive of {STEM} cannot be used: its member \"a.csv\": Invalid checksum"),
    );
    check_error(
        whole[..whole.len() / 2].to_vec(),
        &format!("the archive of {STEM} cannot be used: invalid Zip archive: Could not find EOCD"),
    );
}

#[test]
fn what_is_no_data_is_told() {
    check_error(
        archive(&[("readme.txt", b"hello"), ("x.grib", b"GRIB\0\0")]).unwrap(),
        &format!(
            "the archive of {STEM} cannot be used: none of its members is NetCDF or CSV; it has \"readme.txt\", \
             \"x.grib\""
        ),
    );
    check_error(
        b"GRIB\0\0\0\x02".to_vec(),
        &format!("the store sent {STEM} as GRIB; wanted NetCDF or CSV; report this as a fault of the store"),
    );
    check_error(
        b"hello world".to_vec(),
        &format!(
            "the store sent for {STEM} what is neither NetCDF nor CSV nor ZIP; it starts with \"hello world\""
        ),
    );
    check_error(Vec::new(), &format!("the store sent an empty file for {STEM}; run this again later"));
}

#[test]
fn any_damage_to_an_archive_is_an_error_or_changes_nothing() {
    let whole = archive(&[("a.csv", CSV)]).unwrap();
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x10;
        let desk = Desk::new(Settings { file: Some(damaged), looks: [0, 0], ..Settings::default() });
        if let Ok(files) = desk.fetch(&a_day()) {
            assert_eq!(files.into_values().collect::<Vec<_>>(), [CSV.to_vec()], "byte {position}");
        }
    }
}
