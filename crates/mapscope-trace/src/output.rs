use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;

const BUFFER_BYTES: usize = 64 << 10;

/// A file that is being written: gzip if it is called `.gz`, zstd for `.zst` (with the feature `zstd`), else plain.
pub struct Output<W: Write>(Packed<W>);

enum Packed<W: Write> {
    Plain(BufWriter<W>),
    Gzip(Box<BufWriter<GzEncoder<BufWriter<W>>>>),
    #[cfg(feature = "zstd")]
    Zstd(BufWriter<zstd::Encoder<'static, W>>),
}

impl<W: Write> Output<W> {
    /// Writes to `file` what the file called `path` should hold.
    ///
    /// # Errors
    ///
    /// It can't be compressed as its name says.
    pub fn new(path: &Path, file: W) -> io::Result<Output<W>> {
        let buffered = |file| BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Output(match path.extension().and_then(OsStr::to_str) {
            Some("gz") => {
                let packed = GzEncoder::new(buffered(file), flate2::Compression::default());
                Packed::Gzip(Box::new(BufWriter::with_capacity(BUFFER_BYTES, packed)))
            }
            #[cfg(feature = "zstd")]
            Some("zst") => {
                let packed = zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                Packed::Zstd(BufWriter::with_capacity(BUFFER_BYTES, packed))
            }
            #[cfg(not(feature = "zstd"))]
            Some("zst") => {
                let error = "zstd needs the feature `zstd` of mapscope-trace; a name in .gz needs none";
                return Err(io::Error::new(io::ErrorKind::Unsupported, error));
            }
            Some(other @ ("bz2" | "lz4" | "xz" | "zip" | "7z" | "parquet")) => {
                let error = format!(".{other} is not written: name a file .gz, .zst, or anything else for plain text");
                return Err(io::Error::new(io::ErrorKind::Unsupported, error));
            }
            _ => Packed::Plain(buffered(file)),
        }))
    }

    /// Writes what is left, and gives the file back.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn finish(self) -> io::Result<W> {
        fn emptied<T: Write>(buffer: BufWriter<T>) -> io::Result<T> {
            buffer.into_inner().map_err(io::IntoInnerError::into_error)
        }
        match self.0 {
            Packed::Plain(out) => emptied(out),
            Packed::Gzip(out) => emptied(emptied(*out)?.finish()?),
            #[cfg(feature = "zstd")]
            Packed::Zstd(out) => emptied(out)?.finish(),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match &mut self.0 {
            Packed::Plain(out) => out,
            Packed::Gzip(out) => out,
            #[cfg(feature = "zstd")]
            Packed::Zstd(out) => out,
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
