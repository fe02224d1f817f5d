//! Growths are spans of what the thread is at, from the size on that was asked for.

#![cfg(all(feature = "opentelemetry", feature = "live"))]

use std::borrow::Cow;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use mapscope_record::live::{self, Settings};
use mapscope_record::{HashMap, HashSet, spans};
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue, global};

type Fixed = BuildHasherDefault<DefaultHasher>;

/// What a span that has ended was.
#[derive(Debug)]
struct Ended {
    name: String,
    parent: SpanId,
    attributes: Vec<KeyValue>,
    took: bool,
}

#[derive(Debug, Clone, Default)]
struct Collected(Arc<Mutex<Vec<Ended>>>);

struct Open {
    builder: SpanBuilder,
    parent: SpanId,
    to: Collected,
}

impl TracerProvider for Collected {
    type Tracer = Collected;
    fn tracer_with_scope(&self, _: InstrumentationScope) -> Collected {
        self.clone()
    }
}

impl Tracer for Collected {
    type Span = Open;
    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Open {
        // What takes spans may have such maps itself.
        let mut own: HashMap<u64, u64, Fixed> = HashMap::default();
        (0..10_000).for_each(|key| _ = own.insert(key, key));
        Open { builder, parent: parent.span().span_context().span_id(), to: self.clone() }
    }
}

impl Span for Open {
    fn add_event_with_timestamp<T: Into<Cow<'static, str>>>(&mut self, _: T, _: SystemTime, _: Vec<KeyValue>) {}
    fn span_context(&self) -> &SpanContext {
        &SpanContext::NONE
    }
    fn is_recording(&self) -> bool {
        true
    }
    fn set_attribute(&mut self, _: KeyValue) {}
    fn set_status(&mut self, _: Status) {}
    fn update_name<T: Into<Cow<'static, str>>>(&mut self, _: T) {}
    fn add_link(&mut self, _: SpanContext, _: Vec<KeyValue>) {}
    fn end_with_timestamp(&mut self, ended: SystemTime) {
        let took = self.builder.start_time.is_some_and(|start| start <= ended);
        let attributes = self.builder.attributes.take().unwrap_or_default();
        let ended = Ended { name: self.builder.name.to_string(), parent: self.parent, attributes, took };
        self.to.0.lock().expect("nobody panics").push(ended);
    }
}

#[test]
fn a_growth_is_a_span_of_the_request_that_waits_for_it() {
    let _server = live::serve(Settings::at("127.0.0.1:0")).expect("a server");
    let collected = Collected::default();
    global::set_tracer_provider(collected.clone());
    spans::of_growths(10_000);

    let request = SpanId::from_bytes([7; 8]);
    let context = SpanContext::new(TraceId::from_bytes([1; 16]), request, TraceFlags::SAMPLED, false, TraceState::NONE);
    let line = line!() + 3;
    let fill = || {
        let _request = Context::current().with_remote_span_context(context.clone()).attach();
        let mut map: HashMap<u64, u64, Fixed> = HashMap::default();
        (0..2000).for_each(|key| _ = map.insert(key, key));
        map.reserve(5000);
    };
    fill();
    let mut set: HashSet<u32, Fixed> = HashSet::default();
    (0..2000).for_each(|key| _ = set.insert(key));
    spans::of_growths(u64::MAX);
    fill();

    // Tables of 16 bytes an entry, from 1,024 buckets on, and of 4 bytes, from 2,048; the last by reserving.
    let map = [(1024, 448), (2048, 896), (4096, 1792), (8192, 2000)];
    let map = map.map(|(buckets, moved)| ("HashMap<u64, u64, ", 17 * buckets + 16, moved, request, line));
    let set = [(2048, 896), (4096, 1792)];
    let set = set.map(|(buckets, moved)| ("HashSet<u32, ", 5 * buckets + 16, moved, SpanId::INVALID, line + 5));
    let ended = collected.0.lock().expect("nobody panics");
    assert_eq!(ended.len(), map.len() + set.len(), "{ended:#?}");
    for (span, (ty, held_bytes, moved, parent, line)) in ended.iter().zip(map.into_iter().chain(set)) {
        assert!(span.name == "map growth" && span.took && span.parent == parent, "{span:?}");
        let of = |key: &str| span.attributes.iter().find(|is| is.key.as_str() == key).expect(key).value.to_string();
        assert!(of("type").starts_with(ty), "{span:?}");
        assert!(of("place").ends_with(&format!("tests/spans.rs:{line}")), "{span:?}");
        assert_eq!((of("held_bytes"), of("moved_entries")), (held_bytes.to_string(), moved.to_string()), "{span:?}");
    }
}
