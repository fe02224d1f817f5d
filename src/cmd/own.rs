/// Makes a program of a map of yours: the whole command line, with your map beside those that ship.
///
/// `main!(MyMap, "my-map")` wants a `MyMap<K, V>` that is [`Default`] and a [`Map`](crate::maps::Map) for every
/// [`Key`](crate::workload::Key) and [`Value`](crate::workload::Value). `main!(MyMap, "my-map", MyMap::with_capacity)`
/// names a function from a capacity hint in entries, and makes the map one that takes hints. It defines `main` and the
/// program's global allocator, so it stands where a `main` would, once.
///
/// What equal operations allocate must be equal from run to run: a map that hashes needs a hasher without random state,
/// such as [`FixedFold`](crate::maps::FixedFold). Moves, growth and causes are observed from outside; a map that tells of
/// them itself, has a load factor or takes the harness's hasher implements [`Family`](crate::maps::Family) instead.
///
/// ```
/// use std::collections::BTreeMap;
/// use mapscope::maps::Map;
/// use mapscope::workload::{Key, Value};
///
/// struct Sorted<K, V>(BTreeMap<K, V>);
///
/// impl<K, V> Default for Sorted<K, V> {
///     fn default() -> Self {
///         Sorted(BTreeMap::new())
///     }
/// }
///
/// impl<K: Key, V: Value> Map<K, V> for Sorted<K, V> {
///     fn insert(&mut self, key: K, value: V) -> bool {
///         self.0.insert(key, value).is_some()
///     }
///     fn get(&self, key: &K) -> Option<(&K, &V)> {
///         self.0.get_key_value(key)
///     }
///     fn remove(&mut self, key: &K) -> bool {
///         self.0.remove(key).is_some()
///     }
///     fn clear(&mut self) {
///         self.0.clear();
///     }
///     fn len(&self) -> usize {
///         self.0.len()
///     }
///     fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
///         self.0.iter().for_each(|(key, value)| f(key, value));
///     }
/// }
///
/// mapscope::main!(Sorted, "sorted");
/// ```
#[macro_export]
macro_rules! main {
    ($map:ident, $name:literal) => {
        $crate::main!(@ $map, $name, false, |_| ::std::default::Default::default());
    };
    ($map:ident, $name:literal, $with_capacity:expr) => {
        $crate::main!(@ $map, $name, true, $with_capacity);
    };
    (@ $map:ident, $name:literal, $hint:literal, $build:expr) => {
        #[global_allocator]
        static ALLOCATOR: $crate::alloc::Counting<::std::alloc::System> =
            $crate::alloc::Counting::new(::std::alloc::System);

        struct OwnMap;

        impl $crate::maps::Family for OwnMap {
            const INFO: $crate::maps::Info = $crate::maps::Info {
                hint: $hint,
                ..$crate::maps::Info::plain($name, env!("CARGO_PKG_VERSION"))
            };
            type Hasher = $crate::maps::FixedFold;
            type Map<
                K: $crate::workload::Key,
                V: $crate::workload::Value,
                S: $crate::maps::Hashing,
                P: $crate::probe::event::Probe,
            > = $map<K, V>;

            fn build<
                K: $crate::workload::Key,
                V: $crate::workload::Value,
                S: $crate::maps::Hashing,
                P: $crate::probe::event::Probe,
            >(
                options: &$crate::maps::Options,
                _: S,
                _: P,
            ) -> $map<K, V> {
                let build: fn(usize) -> $map<K, V> = $build;
                build(options.hint)
            }
        }

        fn main() -> ::std::process::ExitCode {
            $crate::cmd::main(&$crate::run::Subjects::builtin().with::<OwnMap>())
        }
    };
}
