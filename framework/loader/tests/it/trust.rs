//! What the manifest demands of plugin files: signatures, pins, and places where they may lie.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use jackfield_core::audio_processor::AudioProcessor;
use jackfield_loader::{
    Digest, FileFault, Grant, LoadError, Loader, LoaderOptions, Manifest, Problem, PublicKey, SecretKey,
    Signature, SignatureError,
};
use proptest::prelude::*;

use crate::support::{
    C_GAIN, Folder, PROCESSOR, gain_file, null_file, processed, processor, resolve, socket,
};

const GAIN: &str = "jackfield.processing.gain";
const NULL: &str = "jackfield.processing.null";

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

/// Signs the file at `path` as `jackfield plugin sign` does.
fn sign(path: &Path, by: &SecretKey) {
    let signature = Signature::make(by, Digest::of(&fs::read(path).unwrap()));
    fs::write(Signature::path_of(path), signature.to_string()).unwrap();
}

/// A loader for `folder` under a manifest that lies beside it.
fn under(folder: &Folder, policy: &str) -> Loader {
    let text = format!("profile = \"conference\"\n{policy}");
    let manifest = Manifest::parse(&text, "/etc/jackfield/jackfield.toml").unwrap();
    Loader::new(folder.options().with_manifest(&manifest)).unwrap()
}

fn signed_by(signer: PublicKey) -> String {
    format!("[policy]\nrequire = \"signed\"\n[policy.signers]\nacme = \"{signer}\"\n")
}

#[test]
fn a_plugin_that_one_of_the_signers_signed_runs() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    sign(&file, &key(1));
    let loader = under(&folder, &signed_by(key(1).public()));
    assert_eq!(loader.catalogue().files()[0].signer, Some(key(1).public()));
    processed(&mut processor(&loader, GAIN).unwrap());
}

#[test]
fn e23_4_a_plugin_without_signature_or_with_another_signer_is_refused_where_signed_ones_are_required() {
    let folder = Folder::new();
    folder.put_file(&null_file());
    let file = folder.put_file(&gain_file());
    sign(&file, &key(2));
    let loader = under(&folder, &signed_by(key(1).public()));
    let other = resolve(&loader, GAIN).err().unwrap();
    assert!(matches!(other, LoadError::Policy { .. }), "{other}");
    assert!(
        other.to_string().contains(&key(2).public().to_string()),
        "{other}"
    );
    let unsigned = resolve(&loader, NULL).err().unwrap().to_string();
    assert!(unsigned.contains("jackfield plugin sign"), "{unsigned}");
    // Not even by a host that chooses a file by itself.
    let file = loader.catalogue().files()[0].clone();
    assert!(matches!(loader.image(&file), Err(LoadError::Policy { .. })));
    assert!(loader.ledger().images.is_empty(), "nothing was opened");
}

#[test]
fn a_signed_plugin_that_changed_by_one_bit_is_refused_whatever_is_required() {
    let whole = fs::read(gain_file()).unwrap();
    for (place, bit) in [(0x200, 0), (whole.len() / 2, 3), (whole.len() - 1, 7)] {
        let folder = Folder::new();
        let file = folder.put("gain.so", &whole);
        sign(&file, &key(1));
        let mut changed = whole.clone();
        changed[place] ^= 1 << bit;
        folder.put("gain.so", &changed);
        for policy in [String::new(), signed_by(key(1).public())] {
            let loader = under(&folder, &policy);
            assert!(loader.catalogue().files().is_empty(), "byte {place}");
            match loader.catalogue().problems() {
                [Problem::File { fault, .. }] => assert!(
                    matches!(
                        fault,
                        FileFault::Signature(SignatureError::OtherFile) | FileFault::NotElf | FileFault::Cut
                    ),
                    "{fault}"
                ),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_signature_that_somebody_made_up_is_refused() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    let true_one = Signature::make(&key(1), Digest::of(&fs::read(&file).unwrap())).to_string();
    let names_another = true_one.replace(&key(1).public().to_string(), &key(2).public().to_string());
    for (text, expected) in [
        (names_another, SignatureError::False),
        (
            true_one.replace("signature 1\n", "signature 2\n"),
            SignatureError::Unreadable,
        ),
        (true_one.to_uppercase(), SignatureError::Unreadable),
        (format!("{true_one}more\n"), SignatureError::Unreadable),
        (String::new(), SignatureError::Unreadable),
    ] {
        fs::write(Signature::path_of(&file), &text).unwrap();
        assert_eq!(folder.fault(), FileFault::Signature(expected), "{text}");
    }
}

#[test]
fn a_signature_that_is_exchanged_after_the_scan_is_noticed() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    sign(&file, &key(1));
    let loader = under(&folder, &signed_by(key(1).public()));
    let resolved = resolve(&loader, GAIN).unwrap();
    sign(&file, &key(2));
    let error = loader.create::<dyn AudioProcessor>(&resolved, 1).err().unwrap();
    assert!(matches!(error, LoadError::Changed { .. }), "{error}");
}

#[test]
fn where_pinned_ones_are_required_a_pin_in_the_policy_or_in_the_socket_lets_a_plugin_run() {
    let folder = Folder::new();
    let digest = Digest::of(&fs::read(folder.put_file(&gain_file())).unwrap());
    folder.put_file(&null_file());
    let loader = under(&folder, "[policy]\nrequire = \"pinned\"\n");
    let error = resolve(&loader, GAIN).err().unwrap().to_string();
    assert!(
        error.contains(&format!("\"{GAIN}\" = \"{digest}\"")),
        "the line to add: {error}"
    );

    let pins = format!("[policy]\nrequire = \"pinned\"\n[policy.pins]\n\"{GAIN}\" = \"{digest}\"\n");
    let loader = under(&folder, &pins);
    assert!(resolve(&loader, GAIN).unwrap().pinned);
    assert!(resolve(&loader, NULL).is_err());

    let in_the_socket =
        format!("[policy]\nrequire = \"pinned\"\n[sockets.gain]\nuse = \"{GAIN}\"\npin = \"{digest}\"\n");
    assert!(resolve(&under(&folder, &in_the_socket), GAIN).unwrap().pinned);
}

#[test]
fn a_pin_in_the_policy_holds_in_whatever_socket_the_plugin_stands() {
    let folder = Folder::new();
    folder.put_file(&gain_file());
    let pins = format!(
        "[policy.pins]\n\"{GAIN}\" = \"{}\"\n",
        Digest::of(b"what was trusted")
    );
    let loader = under(&folder, &pins);
    let swapped_in = socket(NULL).with_plugin(GAIN, BTreeMap::new());
    let error = loader.resolve(&swapped_in, PROCESSOR).err().unwrap();
    assert!(error.to_string().contains("[policy.pins] pins"), "{error}");
}

#[test]
fn e23_4_a_manifest_cannot_name_a_folder_outside_its_own_unless_allowed() {
    let text = |folder: &str, policy: &str| {
        format!("profile = \"conference\"\n[plugins]\nfolders = [\"{folder}\"]\n{policy}")
    };
    let parse =
        |folder: &str, policy: &str| Manifest::parse(&text(folder, policy), "/etc/jackfield/jackfield.toml");
    for outside in ["/tmp", "..", "plugins/../../other", "/etc/jackfield-other", "/"] {
        let error = parse(outside, "").unwrap_err().to_string();
        assert!(
            error.contains("outside the folder of the manifest"),
            "{outside}: {error}"
        );
    }
    for inside in ["plugins", ".", "plugins/../more", "/etc/jackfield/x"] {
        parse(inside, "").unwrap();
    }
    parse("/opt/acme/plugins", "[policy]\nfolders = [\"/opt/acme\"]\n").unwrap();
    parse("../acme", "[policy]\nfolders = [\"../acme\"]\n").unwrap();
}

#[test]
fn e23_4_a_link_that_leads_out_of_the_allowed_folders_is_refused() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    let target = elsewhere.put_file(&gain_file());
    symlink(&target, folder.path().join("gain.so")).unwrap();
    let fault = folder.fault();
    assert!(matches!(fault, FileFault::Outside { .. }), "{fault}");
    assert!(fault.to_string().contains("[policy]"), "{fault}");

    // A link within the folder, as for versions of a library, is none.
    let file = folder.put_file(&null_file());
    fs::remove_file(folder.path().join("gain.so")).unwrap();
    fs::rename(&file, folder.path().join("null-1.0.0")).unwrap();
    symlink(folder.path().join("null-1.0.0"), folder.path().join("null.so")).unwrap();
    assert_eq!(folder.loader().catalogue().problems(), []);
}

#[test]
fn e23_4_a_folder_of_the_manifest_that_is_a_link_to_elsewhere_is_refused_unless_allowed() {
    let (home, elsewhere) = (Folder::new(), Folder::new());
    elsewhere.put_file(&gain_file());
    symlink(elsewhere.path(), home.path().join("plugins")).unwrap();
    let load = |policy: &str| {
        let text = format!("profile = \"conference\"\n[plugins]\nfolders = [\"plugins\"]\n{policy}");
        let manifest = Manifest::parse(&text, home.path().join("jackfield.toml")).unwrap();
        Loader::new(LoaderOptions::default().with_manifest(&manifest))
            .unwrap()
            .catalogue()
    };
    assert!(load("").files().is_empty());
    assert!(
        load("").problems()[0]
            .to_string()
            .contains("outside the folder of the manifest")
    );
    let allowed = format!(
        "[policy]\nfolders = [{:?}]\n",
        elsewhere.path().canonicalize().unwrap()
    );
    assert_eq!(load(&allowed).files().len(), 1);
}

#[test]
fn what_makes_no_sense_in_a_policy_is_refused_at_its_place() {
    let error = |policy: &str| {
        let text = format!("profile = \"conference\"\n{policy}");
        Manifest::parse(&text, "/etc/jackfield.toml")
            .unwrap_err()
            .to_string()
    };
    for (policy, says) in [
        ("[policy]\nrequire = \"sigend\"", "`sigend` cannot be required"),
        ("[policy]\nrequire = \"signed\"", "nobody may sign"),
        ("[policy.signers]\nacme = \"ed25519:zz\"", "not a public key"),
        ("[policy.pins]\n\"a.b.c\" = \"sha256:1\"", "not a digest"),
        ("[policy.pins]\n\"A B\" = \"x\"", "digest"),
        ("[policy]\nsinger = 1", "`singer`"),
    ] {
        let said = error(policy);
        assert!(said.contains(says), "{policy}: {said}");
    }
    // Under the key of all zeros, and others of small order, everything is signed.
    assert!(
        format!("ed25519:{}", "0".repeat(64))
            .parse::<PublicKey>()
            .is_err()
    );
}

#[test]
fn a_key_comes_back_from_its_text() {
    let pem = key(9).to_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(SecretKey::from_pem(&pem).unwrap().public(), key(9).public());
    assert!(SecretKey::from_pem("-----BEGIN RSA PRIVATE KEY-----\n").is_err());
    let public = key(9).public().to_string();
    assert_eq!(public.parse::<PublicKey>().unwrap().to_string(), public);
}

#[test]
fn a_plugin_in_c_can_be_signed_too() {
    let folder = Folder::new();
    let file = folder.c_gain("gain.so", |source| source);
    sign(&file, &key(1));
    processed(&mut processor(&under(&folder, &signed_by(key(1).public())), C_GAIN).unwrap());
}

proptest! {
    /// Any text as a signature: refused, or one that prints as it was read.
    #[test]
    fn any_text_is_no_signature(text in ".{0,400}") {
        prop_assert!(text.parse::<Signature>().is_err());
    }

    /// Any text as a key, a digest or a grant: refused in words, or one that prints as it was read.
    #[test]
    fn any_text_is_no_key_no_digest_and_no_grant(text in ".{0,100}|(ed25519:|blake3:)?[0-9a-f]{62,66}|net|read:/?.{0,30}|-----BEGIN [A-Z ]{0,20}-----\n[A-Za-z0-9+/=]{0,80}\n-----END [A-Z ]{0,20}-----\n") {
        fn read<T: std::str::FromStr<Err: Display> + Display>(text: &str) -> Result<(), TestCaseError> {
            match text.parse::<T>() {
                Ok(value) => prop_assert!(value.to_string().parse::<T>().is_ok()),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
            Ok(())
        }
        read::<PublicKey>(&text)?;
        read::<Digest>(&text)?;
        read::<Grant>(&text)?;
        if let Err(error) = SecretKey::from_pem(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// A signature with any byte changed is not a true one.
    #[test]
    fn a_changed_signature_is_not_true(place in any::<prop::sample::Index>(), byte in 32_u8..127) {
        let digest = Digest::of(b"a plugin");
        let text = Signature::make(&key(3), digest).to_string();
        let mut bytes = text.clone().into_bytes();
        let place = place.index(bytes.len());
        // Digits of a digest may be large or small.
        prop_assume!(!bytes[place].eq_ignore_ascii_case(&byte));
        bytes[place] = byte;
        if let Ok(read) = String::from_utf8(bytes).unwrap().parse::<Signature>() {
            prop_assert!(read.verify(digest).is_err());
        }
    }
}
