//! New versions beside old ones: nothing is unloaded, nothing is loaded twice, and there is an end to it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use jackfield_core::audio_processor::AudioProcessor;
use jackfield_core::module::Module;
use jackfield_loader::{LoadError, Loader, LoaderOptions};

use crate::support::{C_GAIN, Folder, processed, processor, replaced, resolve};

/// The gain in C whose output is multiplied by `factor`, so that versions can be told apart.
fn version(folder: &Folder, factor: u32) {
    folder.c_gain("gain.so", |source| {
        let source = replaced(
            &source,
            "return (float)pow(10.0, decibels / 20.0);",
            &format!("return {factor}.0f * (float)pow(10.0, decibels / 20.0);"),
        );
        replaced(&source, "\"1.0.0\"", &format!("\"{factor}.0.0\""))
    });
}

#[test]
fn t_7_changed_content_is_new_code_and_the_old_image_is_retired() {
    let folder = Folder::new();
    version(&folder, 1);
    let loader = folder.loader();
    let mut old = processor(&loader, C_GAIN).unwrap();
    assert_eq!(processed(&mut old), 1.0);

    version(&folder, 2);
    loader.rescan();
    let mut new = processor(&loader, C_GAIN).unwrap();
    assert_eq!(processed(&mut new), 2.0);
    assert_eq!(
        processed(&mut old),
        1.0,
        "the old instance runs on with its own code"
    );

    let ledger = loader.ledger();
    assert_eq!(
        ledger
            .images
            .iter()
            .map(|image| image.retired)
            .collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(ledger.retired(), 1);
    assert_eq!(ledger.images[1].modules, ["example.processing.c-gain 2.0.0"]);
    assert_eq!(ledger.images[0].instances_made, 1);
    assert!(ledger.bytes() > 10_000);
}

#[test]
fn equal_content_is_the_same_image() {
    let folder = Folder::new();
    version(&folder, 1);
    let loader = folder.loader();
    let file = loader.catalogue().files()[0].clone();
    let first = loader.image(&file).unwrap();
    version(&folder, 2);
    let second = loader.image(&loader.rescan().files()[0].clone()).unwrap();
    version(&folder, 1);
    let again = loader.image(&loader.rescan().files()[0].clone()).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &again), "going back costs nothing");
    assert!(!std::sync::Arc::ptr_eq(&first, &second));
    let retired: Vec<_> = loader.ledger().images.iter().map(|image| image.retired).collect();
    assert_eq!(retired, [false, true]);
}

/// Who joins later gets what the room was given, even if the file has gone meanwhile.
#[test]
fn an_image_that_is_open_needs_its_file_no_more() {
    let folder = Folder::new();
    version(&folder, 1);
    let loader = folder.loader();
    let resolved = resolve(&loader, C_GAIN).unwrap();
    let _first = loader.create::<dyn AudioProcessor>(&resolved, 1).unwrap();
    fs::remove_file(folder.path().join("gain.so")).unwrap();
    loader.rescan();
    let mut second = loader.create::<dyn AudioProcessor>(&resolved, 2).unwrap();
    assert_eq!(processed(&mut second), 1.0);
    assert!(
        resolve(&loader, C_GAIN).is_err(),
        "but it is not offered any more"
    );
}

#[test]
fn a_file_that_changed_since_the_scan_is_not_taken_for_the_old_one() {
    let folder = Folder::new();
    version(&folder, 1);
    let loader = folder.loader();
    let resolved = resolve(&loader, C_GAIN).unwrap();
    version(&folder, 2);
    let error = loader.create::<dyn AudioProcessor>(&resolved, 1).err().unwrap();
    assert!(matches!(error, LoadError::Changed { .. }), "{error}");
    assert!(error.to_string().contains("scan again"));
}

#[test]
fn t_7_retired_images_have_a_limit_that_says_what_to_do() {
    let folder = Folder::new();
    version(&folder, 1);
    let loader = Loader::new(LoaderOptions {
        retired_images: 2,
        ..folder.options()
    })
    .unwrap();
    for factor in 1..=3 {
        version(&folder, factor);
        loader.rescan();
        processor(&loader, C_GAIN).unwrap();
    }
    version(&folder, 4);
    loader.rescan();
    let error = processor(&loader, C_GAIN).err().unwrap();
    assert_eq!(
        error.to_string(),
        "3 retired plugin images are still mapped and the limit is 2: images are never unloaded; restart the host, or raise `images` in [limits]"
    );
    // What is open can still be used.
    version(&folder, 3);
    loader.rescan();
    assert_eq!(processed(&mut processor(&loader, C_GAIN).unwrap()), 3.0);
}

#[test]
fn each_instance_has_a_state_of_its_own() {
    let folder = Folder::new();
    version(&folder, 1);
    let loader = folder.loader();
    let (mut one, mut other) = (
        processor(&loader, C_GAIN).unwrap(),
        processor(&loader, C_GAIN).unwrap(),
    );
    one.set_parameter(0, -20.0).unwrap();
    assert_eq!(other.parameter(0), Ok(0.0));
    assert_eq!(processed(&mut other), 1.0);
    assert_eq!(loader.ledger().images.len(), 1);
}

#[test]
fn copies_lie_where_only_the_host_may_look_and_go_with_it() {
    let folder = Folder::new();
    version(&folder, 1);
    let images = Folder::new();
    let options = LoaderOptions {
        image_folder: Some(images.path().to_owned()),
        ..folder.options()
    };
    let loader = Loader::new(options.clone()).unwrap();
    let mut gain = processor(&loader, C_GAIN).unwrap();
    let private = fs::read_dir(images.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert_eq!(fs::metadata(&private).unwrap().mode() & 0o777, 0o700);
    let digest = loader.catalogue().files()[0].digest.unwrap();
    assert!(
        private.join(format!("{}.so", digest.hex())).exists(),
        "named by its content"
    );

    // Another host beside it has a folder of its own, and leaves this one alone.
    let beside = Loader::new(options.clone()).unwrap();
    assert_eq!(fs::read_dir(images.path()).unwrap().count(), 2);
    assert!(private.exists());
    drop(beside);

    drop(loader);
    assert_eq!(fs::read_dir(images.path()).unwrap().count(), 0);
    assert_eq!(processed(&mut gain), 1.0, "what is mapped stays");
}

#[test]
fn what_a_host_left_behind_is_cleared_away() {
    let folder = Folder::new();
    let images = Folder::new();
    let left = images.path().join("jackfield-images-1-0");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("lock"), "").unwrap();
    let other = images.path().join("somebody-elses");
    fs::create_dir(&other).unwrap();
    let options = LoaderOptions {
        image_folder: Some(images.path().to_owned()),
        ..folder.options()
    };
    let _loader = Loader::new(options).unwrap();
    assert!(!left.exists() && other.exists());
}

#[test]
fn a_place_for_copies_that_anybody_may_change_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let images = Folder::new();
    fs::set_permissions(images.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let options = LoaderOptions {
        image_folder: Some(images.path().to_owned()),
        ..LoaderOptions::default()
    };
    let error = Loader::new(options).err().unwrap();
    assert!(matches!(error, LoadError::PrivateFolder { .. }), "{error}");
}
