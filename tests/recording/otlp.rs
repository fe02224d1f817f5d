//! What is pushed to a collector, decoded by OpenTelemetry's own definitions.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use mapscope::recording::Process;
use serde_json::Value;

use super::{maps, rust};
use crate::cli_process::Place;
use crate::consumers::python;

/// Takes what is pushed: the path and the body of each request. What it has answered, it has passed on before.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (pass, passed) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let request = request(stream.as_ref().expect("a client"));
            if pass.send(request).is_err() {
                return;
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.expect("a client").write_all(answer.as_bytes()).expect("it reads");
        }
    });
    (url, passed)
}

fn request(stream: &TcpStream) -> (String, Vec<u8>) {
    let mut from = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(from.read_line(&mut head).expect("a line"), 0, "{head}");
    }
    let head = head.to_lowercase();
    assert!(head.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{head}");
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    from.read_exact(&mut body).expect("all of it");
    (head.split(' ').nth(1).expect("a path").to_owned(), body)
}

/// A line of JSON for each point and each span.
const DECODE: &str = "
import json
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
def decoded(kind, path):
    request = kind()
    request.ParseFromString(open(path, 'rb').read())
    return request
def attributes(of):
    return {a.key: getattr(a.value, a.value.WhichOneof('value')) for a in of.attributes}
for resource in decoded(ExportMetricsServiceRequest, 'metrics.pb').resource_metrics:
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            for point in metric.gauge.data_points:
                assert point.WhichOneof('value') == 'as_int' and point.time_unix_nano > 0
                about = [metric.name, metric.unit, attributes(resource.resource), scope.scope.name]
                print(json.dumps(['point', about, attributes(point), point.as_int]))
for resource in decoded(ExportTraceServiceRequest, 'traces.pb').resource_spans:
    for scope in resource.scope_spans:
        for span in scope.spans:
            assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano and not span.parent_span_id
            about = [span.name, span.trace_id.hex(), span.span_id.hex(), span.kind]
            print(json.dumps(['span', about, attributes(span), 0]))
";

#[test]
fn every_figure_is_pushed_and_a_span_for_each_map_that_grew_large() {
    const GROWTH_BYTES: u64 = 4096;
    let place = rust::recorded();
    let (url, pushed) = collector();
    // Once, at the end.
    let flags = ["--otlp", &url, "--otlp-every", "86400", "--otlp-growth", "4096"];
    let outcome = rust::recording(place, "otlp", &flags, &["bytes"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let pushed: Vec<_> = pushed.try_iter().collect();
    let paths: Vec<_> = pushed.iter().map(|(path, _)| &**path).collect();
    assert_eq!(paths, ["/v1/metrics", "/v1/traces"]);
    for ((_, body), name) in pushed.iter().zip(["metrics.pb", "traces.pb"]) {
        fs::write(place.path().join(name), body).expect("written");
    }
    let Some(decoded) = python::run(&["opentelemetry.proto"], place.path(), DECODE, &[]) else { return };
    let (mut points, mut spans) = (BTreeMap::new(), Vec::new());
    for line in decoded.lines() {
        let (kind, about, attributes, value): (String, Value, BTreeMap<String, Value>, i64) =
            serde_json::from_str(line).expect("JSON");
        if kind == "span" {
            spans.push((about, attributes));
        } else {
            assert_eq!((&about[2]["service.name"], &about[3]), (&"program".into(), &"mapscope".into()));
            let name = about[0].as_str().expect("a name").to_owned();
            assert_eq!(about[1] == "By", name.contains("bytes"), "{name}");
            let text = |key: &str| attributes.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            assert!(points.insert((name, text("place"), text("type"), text("kind")), value).is_none(), "{line}");
        }
    }
    let all = maps(place, "otlp");
    for row in all["places"].as_array().expect("places") {
        for (figure, value) in row.as_object().expect("an object").iter().filter(|(_, value)| value.is_number()) {
            let text = |key: &str| row[key].as_str().expect("text").to_owned();
            let key = (format!("mapscope.place.{figure}"), text("place"), text("type"), String::new());
            assert_eq!(points.remove(&key), value.as_i64(), "{key:?}");
        }
    }
    let left: Vec<_> = points.keys().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(left, ["mapscope.recording.dropped"; 4], "nothing else is there");

    let [process] = &Process::read_all(&place.path().join("otlp")).expect("a recording")[..] else { panic!("one") };
    let large = process.maps.iter().filter(|map| map.growths > 0 && map.held_bytes >= GROWTH_BYTES);
    let mut expected: Vec<_> = large.map(|map| [map.number.into(), map.growths.into(), map.held_bytes]).collect();
    let of = |span: &BTreeMap<String, Value>| {
        ["map", "growths", "held_bytes"].map(|key| span[key].as_u64().expect("a number"))
    };
    let mut found: Vec<_> = spans.iter().map(|(_, attributes)| of(attributes)).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!((found.len() > 4, &found), (true, &expected));
    for (about, attributes) in &spans {
        assert_eq!((&about[0], &about[3]), (&"map growth".into(), &1.into()));
        assert!(attributes["place"].as_str().is_some_and(|at| at.starts_with("src/main.rs:")), "{attributes:?}");
        assert_eq!(attributes["time"], "between two readings of the recording");
    }
    let mut ids: Vec<_> = spans.iter().map(|(about, _)| about[1].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), spans.len(), "each has an id of its own");
}

#[test]
fn a_collector_that_is_not_there_is_said_and_ends_nothing() {
    let place = rust::recorded();
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://{closed}");
    let outcome = rust::recording(place, "unpushed", &["--otlp", &url, "--otlp-growth", "4096"], &["bytes"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let said = format!("--otlp: nothing is pushed for now: {url}: ");
    assert_eq!(outcome.stderr.matches(&said).count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(" spans of growths were not pushed"), "{}", outcome.stderr);
}

#[test]
fn what_is_no_collector_is_refused_before_anything_runs() {
    let place = Place::new();
    for (url, why) in [
        ("https://127.0.0.1:4318", "mapscope has no TLS: give the http:// of a collector on this machine"),
        ("127.0.0.1:4318", "give the URL of a collector, as http://127.0.0.1:4318"),
        ("http://", "give the URL of a collector"),
        ("http://user:secret@127.0.0.1:4318", "give the URL of a collector"),
    ] {
        let outcome = place.run(&["record", "--out", "r", "--otlp", url, "--", "touch", "ran"]);
        assert_eq!((outcome.code, outcome.left.len()), (Some(2), 0), "{url}");
        assert!(outcome.stderr.starts_with("error: --otlp: ") && outcome.stderr.contains(why), "{}", outcome.stderr);
    }
    assert_eq!(place.run(&["record", "--otlp-every", "5", "--", "true"]).code, Some(2));
}
