//! Rows into a file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::columns::{Content, TEXTS, message_type};
use super::{CONTENT_KEY, Row, RowsError, SCHEMA, SCHEMA_KEY};

/// So many rows are kept in memory and then written as one group. Where groups end depends on nothing else, so that equal rows give equal
/// files.
const GROUP: usize = 16_384;

/// Writes rows in the order in which they come. Equal rows and facts give the same bytes.
pub struct RowWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    path: PathBuf,
    waiting: Vec<Row>,
    content: Content,
    rows: u64,
}

impl<W: Write + Send> RowWriter<W> {
    /// A writer into `sink`; errors name the file at `path`.
    ///
    /// # Errors
    /// If the sink takes nothing.
    pub fn new(sink: W, path: &Path) -> Result<Self, RowsError> {
        let properties = WriterProperties::builder()
            .set_created_by("jackfield".to_owned())
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_max_row_group_row_count(None)
            .build();
        let writing = |error| RowsError::of_writing(path, error);
        let schema = parse_message_type(&message_type()).map_err(writing)?;
        let mut writer =
            SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties)).map_err(writing)?;
        writer.append_key_value_metadata(KeyValue::new(SCHEMA_KEY.to_owned(), SCHEMA.to_string()));
        Ok(Self {
            writer,
            path: path.to_owned(),
            waiting: Vec::new(),
            content: Content::default(),
            rows: 0,
        })
    }

    /// Adds something that the file says of itself.
    pub fn fact(&mut self, key: &str, value: &str) {
        self.writer
            .append_key_value_metadata(KeyValue::new(key.to_owned(), value.to_owned()));
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If what waits is to be written and cannot be.
    pub fn push(&mut self, row: Row) -> Result<(), RowsError> {
        self.content.add(&row);
        self.rows += 1;
        self.waiting.push(row);
        if self.waiting.len() >= GROUP {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// How many rows have been added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what waits and the end of the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<(), RowsError> {
        self.flush()?;
        let digest = self.content.digest();
        self.fact(CONTENT_KEY, &digest);
        self.writer
            .finish()
            .map_err(|error| RowsError::of_writing(&self.path, error))?;
        // What is still buffered goes out here, so that the error of a full disk arrives as what it is.
        Write::flush(self.writer.inner_mut()).map_err(|error| RowsError::write(&self.path, error))
    }

    fn flush(&mut self) -> Result<(), RowsError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let result = self
            .writer
            .next_row_group()
            .and_then(|group| write_group(group, &self.waiting));
        self.waiting.clear();
        result.map_err(|error| RowsError::of_writing(&self.path, error))
    }
}

fn write_group<W: Write + Send>(
    mut group: SerializedRowGroupWriter<'_, W>,
    rows: &[Row],
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("a column is missing".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    let values: Vec<i32> = rows.iter().map(|row| row.schema.cast_signed()).collect();
    column.typed::<Int32Type>().write_batch(&values, None, None)?;
    column.close()?;

    let mut column = group.next_column()?.ok_or_else(missing)?;
    let values: Vec<i64> = rows.iter().map(|row| row.seed.cast_signed()).collect();
    column.typed::<Int64Type>().write_batch(&values, None, None)?;
    column.close()?;

    for text in TEXTS {
        let mut column = group.next_column()?.ok_or_else(missing)?;
        let mut last: Option<(&str, ByteArray)> = None;
        let mut values = Vec::with_capacity(rows.len());
        for row in rows {
            let own = (text.of)(row);
            match &last {
                Some((text, bytes)) if **text == **own => values.push(bytes.clone()),
                _ => {
                    let bytes = ByteArray::from(own.as_bytes().to_vec());
                    values.push(bytes.clone());
                    last = Some((own, bytes));
                }
            }
        }
        column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        column.close()?;
    }

    let mut column = group.next_column()?.ok_or_else(missing)?;
    let values: Vec<f64> = rows.iter().map(|row| row.value).collect();
    column.typed::<DoubleType>().write_batch(&values, None, None)?;
    column.close()?;
    group.close()?;
    Ok(())
}
