"""Makes the Parquet files that tests read: python3 make.py, with pyarrow, pandas and duckdb."""

from decimal import Decimal

import duckdb
import pandas
import pyarrow as pa
import pyarrow.parquet as pq

OPS = ["put", "read", "DELETE"]


def write(name, table, **options):
    pq.write_table(table, f"{name}.parquet", **options)


# tests/data/traces/csv.csv, in two groups of rows.
table = pa.table({
    "Op": OPS,
    "Key": ["alice", "bob; jr.", "0x1f"],
    "Value_Size": pa.array([120, None, None], pa.int64()),
})
write("../traces/parquet", table, compression="zstd", row_group_size=2)

# Whole numbers of every width, each with what is least and greatest in it.
for bits in (8, 16, 32, 64):
    for kind, least, greatest in (("int", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1), ("uint", 0, 2**bits - 1)):
        keys = pa.array([least, greatest, 1], getattr(pa, f"{kind}{bits}")())
        write(f"{kind}{bits}", pa.table({"op": OPS, "key": keys}), compression="none")

# What holds text, however it is encoded and packed.
text = pa.table({"op": OPS, "key": ["the", "of", "the"]})
for packing in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
    write(packing, text, compression=packing)
write("plain", text, use_dictionary=False, data_page_version="2.0")
write("delta", text, use_dictionary=False, column_encoding={"op": "DELTA_BYTE_ARRAY", "key": "DELTA_LENGTH_BYTE_ARRAY"})
binary = pa.array([b"the", b"of", b"the"], pa.binary())
write("binary", pa.table({"op": pa.array(OPS).dictionary_encode(), "key": binary}))
write("fixed", pa.table({"op": OPS, "key": pa.array([b"\0a", b"\xffb", b"\0a"], pa.binary(2))}))
write("decimal", pa.table({"op": OPS, "key": pa.array([Decimal(7), Decimal(-7), Decimal(2**63)], pa.decimal128(38, 0))}))

# Nested columns, every column that counts, nulls, and more rows than are decoded at a time.
write("nested", pa.table({"request": [{"key": 1, "op": "put"}, {"key": 2, "op": "get"}, None]}))
many = 3000
write("every", pa.table({
    "operation": ["clear" if row == 1500 else OPS[row % 3] for row in range(many)],
    "keys": pa.array([None if row == 1500 else row // 3 for row in range(many)], pa.uint32()),
    "hash": pa.array([None if row == 1500 else row // 3 * 3 for row in range(many)], pa.uint64()),
    "size": pa.array([row if row % 3 == 0 else None for row in range(many)], pa.int32()),
    "key_size": pa.array([5 if row % 2 else None for row in range(many)], pa.int16()),
    "n": pa.array([1 + row % 2 for row in range(many)], pa.int8()),
    "note": ["x"] * many,
}), row_group_size=2000, data_page_size=1000)

# Times, whose types say what they count.
write("times", pa.table({
    "key": [1, 2],
    "ms": pa.array([1500, 3000], pa.timestamp("ms")),
    "us": pa.array([1500000, 3000000], pa.timestamp("us", "UTC")),
    "plain": [1, 3],
    "day": pa.array([1, 3], pa.date32()),
}))

# Columns that no operation can be made of.
write("double", pa.table({"op": OPS, "key": [1.0, 2.0, None]}))
write("lists", pa.table({"key": [[1], [2, 3]]}))
write("none_called_key", pa.table({"op": OPS, "id": [1, 2, 3]}))
write("null_key", pa.table({"op": OPS, "key": [1, None, 3]}))
write("numbered_op", pa.table({"op": [0, 1, 2], "key": [1, 2, 3]}))
write("no_rows", text.slice(0, 0))

# As DuckDB and pandas write them.
duckdb.sql("copy (select unnest(['insert', 'get', 'remove']) as op, unnest([1, 2, 1]::ubigint[]) as key) to 'duckdb.parquet'")
pandas.DataFrame({"op": pandas.Categorical(["insert", "get", "remove"]), "key": [1, 2, 1]}).to_parquet("pandas.parquet")
