//! A description as JSON, for programs. What is absent there is not known, or there is none.

use serde_json::{Value, json};

use super::{Description, Format, Like};

pub(super) const FORMAT: Format = Format {
    name: "json",
    summary: "JSON for programs: every figure",
    render: |description| Ok(serde_json::to_string_pretty(&document(description))? + "\n"),
};

fn document(description: &Description) -> Value {
    let Description { name, read_as, operations, one_in, keys, hot, zipf, reuse, live, key_bytes, value_bytes, like } =
        description;
    let mut document = json!({
        "schema": 1,
        "trace": name,
        "operations": operations,
        "keys": keys,
        "hot": hot,
        "live": live,
    });
    if let Some(zipf) = zipf {
        document["zipf"] = json!({ "off": zipf.off });
        if zipf.fits() {
            document["zipf"]["exponent"] = zipf.exponent.into();
        }
    }
    let there = [
        ("read_as", read_as.as_ref().map(|words| json!(words))),
        ("one_key_in", description.is_estimate().then(|| json!(one_in))),
        ("reuse_distance", reuse.as_ref().map(|reuse| json!(reuse))),
        ("key_bytes", key_bytes.as_ref().map(|spread| json!(spread))),
        ("value_bytes", value_bytes.as_ref().map(|spread| json!(spread))),
        ("like", like.as_ref().map(self::like)),
    ];
    for (name, value) in there {
        if let Some(value) = value {
            document[name] = value;
        }
    }
    document
}

fn like(like: &Like) -> Value {
    let mut document = json!(like);
    document["command"] = like.command().into();
    document
}
