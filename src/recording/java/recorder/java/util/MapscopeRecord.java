package java.util;

/**
 * Which row of the file is a map's. It lies where AbstractMap keeps the view of a map's values, and keeps that view: HashMap and
 * LinkedHashMap get it from here, and ConcurrentHashMap keeps its own elsewhere. So no map is looked up to be found, none is
 * larger than it was, and a map that is collected takes its record with it.
 */
final class MapscopeRecord extends AbstractCollection<Object> {
    /** Where the row is. */
    final long row;
    /** The view, once it was asked for. */
    Collection<?> values;

    MapscopeRecord(long row) {
        this.row = row;
    }

    /** For whoever reads the field in spite of that. */
    @Override
    public Iterator<Object> iterator() {
        Collection<?> view = values;
        return view == null ? Collections.emptyIterator() : new ArrayList<Object>(view).iterator();
    }

    @Override
    public int size() {
        Collection<?> view = values;
        return view == null ? 0 : view.size();
    }
}
