//! Output files of traces: plain, or compressed as their names say.

use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;

const BUFFER_BYTES: usize = 64 << 10;

/// A file that is being written: gzip for `.gz`, zstd for `.zst`, else plain.
pub(crate) enum Output<W: Write> {
    Plain(BufWriter<W>),
    Gzip(BufWriter<GzEncoder<BufWriter<W>>>),
    Zstd(BufWriter<zstd::Encoder<'static, W>>),
}

impl<W: Write> Output<W> {
    /// Writes to `file` what the file called `path` should hold.
    pub(crate) fn new(path: &Path, file: W) -> io::Result<Output<W>> {
        let buffered = |file| BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(match path.extension().and_then(OsStr::to_str) {
            Some("gz") => {
                let packed = GzEncoder::new(buffered(file), flate2::Compression::default());
                Output::Gzip(BufWriter::with_capacity(BUFFER_BYTES, packed))
            }
            Some("zst") => {
                let packed = zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                Output::Zstd(BufWriter::with_capacity(BUFFER_BYTES, packed))
            }
            _ => Output::Plain(buffered(file)),
        })
    }

    /// Writes what is left, and gives the file back.
    pub(crate) fn finish(self) -> io::Result<W> {
        fn emptied<T: Write>(buffer: BufWriter<T>) -> io::Result<T> {
            buffer.into_inner().map_err(io::IntoInnerError::into_error)
        }
        match self {
            Output::Plain(out) => emptied(out),
            Output::Gzip(out) => emptied(emptied(out)?.finish()?),
            Output::Zstd(out) => emptied(out)?.finish(),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match self {
            Output::Plain(out) => out,
            Output::Gzip(out) => out,
            Output::Zstd(out) => out,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner().write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner().write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}
