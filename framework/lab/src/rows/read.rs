//! Rows out of a file.

use std::collections::BTreeSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;

use super::columns::{Content, TEXTS};
use super::{CONTENT_KEY, Row, RowsError, SCHEMA, SCHEMA_KEY};

/// No group that we write is larger; what claims to be is not ours.
const LARGEST_GROUP: usize = 1 << 20;
/// So many different texts are shared between rows before the memory of them is given up.
const MOST_SHARED: usize = 4_096;

/// The rows of a file in their order. Holds one group of rows at a time, however long the file is.
pub struct RowReader {
    file: SerializedFileReader<File>,
    path: PathBuf,
    group: usize,
    rows: std::vec::IntoIter<Row>,
    shared: BTreeSet<Arc<str>>,
    failed: bool,
}

impl RowReader {
    /// Opens a file and reads what it says of itself.
    ///
    /// # Errors
    /// If it cannot be read, is no whole table, or was written by a later version.
    pub fn open(path: &Path) -> Result<Self, RowsError> {
        let file = File::open(path).map_err(|error| RowsError::read(path, error))?;
        let file = guarded(path, || SerializedFileReader::new(file))?;
        let reader = Self {
            file,
            path: path.to_owned(),
            group: 0,
            rows: Vec::new().into_iter(),
            shared: BTreeSet::new(),
            failed: false,
        };
        let schema = reader
            .fact(SCHEMA_KEY)
            .and_then(|text| text.parse().ok())
            .unwrap_or(SCHEMA);
        if schema > SCHEMA {
            return Err(RowsError::Newer {
                path: path.to_owned(),
                schema,
            });
        }
        for name in ["schema", "seed"]
            .into_iter()
            .chain(TEXTS.iter().map(|text| text.name))
            .chain(["value"])
        {
            if column(&reader.file, name).is_none() {
                return Err(RowsError::Column {
                    path: path.to_owned(),
                    column: name,
                });
            }
        }
        Ok(reader)
    }

    /// What the file says of itself under `key`.
    pub fn fact(&self, key: &str) -> Option<&str> {
        let facts = self.file.metadata().file_metadata().key_value_metadata()?;
        facts.iter().find(|fact| fact.key == key)?.value.as_deref()
    }

    /// Reads all rows to the end and compares them with the digest that the file names. For the files of cells, which are small.
    ///
    /// # Errors
    /// If one of them cannot be read, or they are not those that were written.
    pub fn read_verified(mut self) -> Result<Vec<Row>, RowsError> {
        let mut rows = Vec::new();
        let mut content = Content::default();
        for row in &mut self {
            let row = row?;
            content.add(&row);
            rows.push(row);
        }
        self.compare(&content).map(|()| rows)
    }

    /// The same without keeping the rows.
    ///
    /// # Errors
    /// As [`RowReader::read_verified`].
    pub fn verify(mut self) -> Result<(), RowsError> {
        let mut content = Content::default();
        for row in &mut self {
            content.add(&row?);
        }
        self.compare(&content)
    }

    fn compare(&self, content: &Content) -> Result<(), RowsError> {
        if self.fact(CONTENT_KEY) == Some(content.digest().as_str()) {
            return Ok(());
        }
        Err(RowsError::Changed {
            path: self.path.clone(),
        })
    }

    fn next_group(&mut self) -> Result<(), RowsError> {
        let (path, file) = (&self.path, &self.file);
        let position = |name| column(file, name).unwrap_or(usize::MAX);
        let shared = &mut self.shared;
        if shared.len() > MOST_SHARED {
            shared.clear();
        }
        let index = self.group;
        let rows = guarded(path, || {
            let group = file.get_row_group(index)?;
            let group = group.as_ref();
            let count = usize::try_from(group.metadata().num_rows())
                .ok()
                .filter(|count| *count <= LARGEST_GROUP)
                .ok_or_else(|| ParquetError::General("it claims more rows than can be".to_owned()))?;
            let mut rows = vec![Row::default(); count];
            for (row, value) in rows
                .iter_mut()
                .zip(values::<Int32Type>(group, position("schema"), count)?)
            {
                row.schema = value.cast_unsigned();
            }
            for (row, value) in rows
                .iter_mut()
                .zip(values::<Int64Type>(group, position("seed"), count)?)
            {
                row.seed = value.cast_unsigned();
            }
            for text in TEXTS {
                let mut last: Arc<str> = Arc::from("");
                for (row, value) in
                    rows.iter_mut()
                        .zip(values::<ByteArrayType>(group, position(text.name), count)?)
                {
                    last = share(shared, &last, &value)?;
                    (text.set)(row, last.clone());
                }
            }
            for (row, value) in rows
                .iter_mut()
                .zip(values::<DoubleType>(group, position("value"), count)?)
            {
                row.value = value;
            }
            Ok(rows)
        })?;
        self.group += 1;
        self.rows = rows.into_iter();
        Ok(())
    }
}

impl Iterator for RowReader {
    type Item = Result<Row, RowsError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            if self.failed || self.group >= self.file.num_row_groups() {
                return None;
            }
            if let Err(error) = self.next_group() {
                self.failed = true;
                return Some(Err(error));
            }
        }
    }
}

fn column(file: &SerializedFileReader<File>, name: &str) -> Option<usize> {
    let schema = file.metadata().file_metadata().schema_descr();
    schema.columns().iter().position(|column| column.name() == name)
}

/// All values of a column of a group.
fn values<T: DataType>(
    group: &dyn RowGroupReader,
    column: usize,
    count: usize,
) -> Result<Vec<T::T>, ParquetError> {
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(column)?);
    let mut values = Vec::new();
    // In pieces, so that a file that lies about its length costs no more than what is in it.
    while values.len() < count {
        let (records, _, _) =
            reader.read_records((count - values.len()).min(1_024), None, None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General(
                "a column ends before the others".to_owned(),
            ));
        }
    }
    Ok(values)
}

/// The text in `bytes`: the one before if it is the same, else one that is shared with all rows that have it.
fn share(
    shared: &mut BTreeSet<Arc<str>>,
    last: &Arc<str>,
    bytes: &ByteArray,
) -> Result<Arc<str>, ParquetError> {
    let text = std::str::from_utf8(bytes.data())
        .map_err(|_| ParquetError::General("a text is not UTF-8".to_owned()))?;
    if **last == *text {
        return Ok(last.clone());
    }
    if let Some(known) = shared.get(text) {
        return Ok(known.clone());
    }
    let text: Arc<str> = Arc::from(text);
    shared.insert(text.clone());
    Ok(text)
}

/// Runs what reads outside bytes. The library checks much and not everything: a panic of it is a broken file.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, RowsError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| RowsError::of_reading(path, error)),
        Err(_) => Err(RowsError::broken(path, "what it says of itself cannot be")),
    }
}
