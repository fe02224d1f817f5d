//! What is pushed of a recording: each figure of each place, and a span for what grew.

use std::collections::HashMap;
use std::path::PathBuf;

use prost::Message as _;

use super::messages::{
    ExportMetricsServiceRequest, ExportTraceServiceRequest, Gauge, InstrumentationScope, Metric, NumberDataPoint,
    Resource, ResourceMetrics, ResourceSpans, ScopeMetrics, ScopeSpans, Span, number, text,
};
use crate::recording::figures::{COLUMNS, value};
use crate::recording::{Manifest, Map, Place, Process, Recorded, Recording, Row};

/// Nanoseconds since 1970.
pub(super) type Moment = u64;

/// Who says it.
fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope { name: "mapscope".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

fn resource(service: &str) -> Option<Resource> {
    Some(Resource { attributes: vec![text("service.name", service)] })
}

/// All figures, as the other forms have them.
pub(super) fn metrics(recorded: &Recorded<'_>, service: &str, now: Moment) -> Vec<u8> {
    let point = |value: u64, attributes| NumberDataPoint {
        time_unix_nano: now,
        as_int: Some(i64::try_from(value).unwrap_or(i64::MAX)),
        attributes,
    };
    let gauge = |name: String, description: &str, unit: &str, data_points| Metric {
        name,
        description: description.to_owned(),
        unit: unit.to_owned(),
        gauge: Some(Gauge { data_points }),
    };
    let rows = &recorded.table.rows;
    let figures = COLUMNS.iter().filter_map(|column| {
        let points = rows.iter().filter_map(|row| Some(point(value(recorded, &row.counts, column)?, place(row))));
        let points: Vec<_> = points.collect();
        let unit = if column.0.contains("bytes") { "By" } else { "1" };
        (!points.is_empty()).then(|| gauge(format!("mapscope.place.{}", column.0), column.1, unit, points))
    });
    let dropped = recorded.table.dropped;
    let kinds =
        [("maps", dropped.maps), ("places", dropped.places), ("types", dropped.types), ("names", dropped.names)];
    let points = kinds.map(|(kind, count)| point(count, vec![text("kind", kind)])).to_vec();
    let dropped = gauge("mapscope.recording.dropped".to_owned(), "What there was no room for.", "1", points);
    let metrics = figures.chain([dropped]).collect();
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics }];
    let resource_metrics = vec![ResourceMetrics { resource: resource(service), scope_metrics }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

fn place(row: &Row) -> Vec<super::messages::KeyValue> {
    vec![text("place", &row.place.at), text("function", &row.place.function), text("type", &row.ty)]
}

/// How often each map has grown by now.
#[derive(Default)]
pub(super) struct Growths {
    seen: HashMap<(PathBuf, u32), u32>,
}

impl Growths {
    /// A span for each map that has grown since the last reading and holds so many bytes. When it grew is not recorded: it
    /// was between both, which the span says.
    pub(super) fn since(&mut self, recording: &Recording, bytes_min: u64, times: [Moment; 2]) -> Vec<Span> {
        let mut spans = Vec::new();
        for process in &recording.processes {
            for map in process.maps.iter().filter(|map| map.growths > 0 && map.is_measured()) {
                let seen = self.seen.entry((process.path.clone(), map.number)).or_default();
                let more = map.growths.saturating_sub(*seen);
                *seen = map.growths;
                if more > 0 && map.has_held() && map.held_bytes >= bytes_min {
                    spans.push(span(process, map, more, recording.manifest.as_ref(), times));
                }
            }
        }
        spans
    }
}

fn span(process: &Process, map: &Map, growths: u32, manifest: Option<&Manifest>, times: [Moment; 2]) -> Span {
    let place = Place::of(process, map, manifest);
    // The same growth is the same span, however often it is pushed.
    let mut id = blake3::Hasher::new();
    id.update(process.path.as_os_str().as_encoded_bytes());
    id.update(&map.number.to_le_bytes()).update(&map.growths.to_le_bytes());
    let id = id.finalize();
    let ty = process.type_of(map).map_or("unknown", |ty| &ty.name);
    Span {
        trace_id: id.as_bytes()[..16].to_vec(),
        span_id: id.as_bytes()[16..24].to_vec(),
        name: "map growth".to_owned(),
        kind: Span::INTERNAL,
        start_time_unix_nano: times[0],
        end_time_unix_nano: times[1],
        attributes: vec![
            text("place", &place.at),
            text("function", &place.function),
            text("type", ty),
            text("program", &process.program),
            number("pid", process.pid),
            number("map", map.number.into()),
            number("growths", growths.into()),
            number("held_bytes", map.held_bytes),
            number("entries", map.entries),
            text("time", "between two readings of the recording"),
        ],
    }
}

/// The request that has these spans.
pub(super) fn traces(spans: Vec<Span>, service: &str) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { scope: scope(), spans }];
    let resource_spans = vec![ResourceSpans { resource: resource(service), scope_spans }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}
