// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

// libyaml, which Yams bundles: Yams does not make its events public.
internal import CYaml

/// A place in a YAML text.
public struct YAMLPlace: Hashable, Sendable {
    /// Starts at 1.
    public let line: Int
    /// Starts at 1 and counts Unicode scalars.
    public let column: Int
    /// The number of Unicode scalars before the place.
    public let offset: Int

    init(_ mark: yaml_mark_t) {
        line = Int(mark.line) + 1
        column = Int(mark.column) + 1
        offset = Int(mark.index)
    }
}

/// A part of a YAML text, as libyaml's parser reports it.
public struct YAMLEvent: Sendable {
    public enum Kind: Sendable {
        case scalar, alias, beginList, beginMapping
        /// The end of the innermost list or mapping that is still open.
        case end
    }

    public let kind: Kind
    /// The name of the part's anchor or, for an alias, of the anchor that it refers to.
    public let anchor: String?
    /// The text of a scalar, without quotes; nil for other parts.
    public let text: String?
    /// The beginning of the part: that of its anchor or tag, if it has one.
    public let start: YAMLPlace
    public let end: YAMLPlace
}

/// Reads a YAML text part by part.
///
/// Yams composes a whole document before a caller sees any of it. While composing, it expands
/// aliases and hashes each key with all its contents, so a key of nested aliases would take far too
/// long. This parser reports an alias as one event.
public enum YAMLEvents {
    /// Calls `body` with each part, in the order of the text.
    ///
    /// Ends without an error at the first mistake in the text. The composer of the document stops
    /// at the same mistake and reports it.
    public static func each<Failure: Error>(
        in yaml: String, _ body: (YAMLEvent) throws(Failure) -> Void
    ) throws(Failure) {
        let bytes = Array(yaml.utf8)
        // libyaml ends the process if there is no input.
        guard !bytes.isEmpty else { return }
        // libyaml keeps pointers to the parser and to the input.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { return }
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            while true {
                var event = yaml_event_t()
                guard yaml_parser_parse(parser, &event) == 1 else { return }
                defer { yaml_event_delete(&event) }
                if event.type == YAML_STREAM_END_EVENT || event.type == YAML_NO_EVENT { return }
                if let part = YAMLEvent(event) { try body(part) }
            }
        }
    }
}

extension YAMLEvent {
    /// Nil for events that are not in the tree of a document.
    fileprivate init?(_ event: yaml_event_t) {
        let name: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_SCALAR_EVENT: (kind, name) = (.scalar, event.data.scalar.anchor)
        case YAML_ALIAS_EVENT: (kind, name) = (.alias, event.data.alias.anchor)
        case YAML_SEQUENCE_START_EVENT:
            (kind, name) = (.beginList, event.data.sequence_start.anchor)
        case YAML_MAPPING_START_EVENT:
            (kind, name) = (.beginMapping, event.data.mapping_start.anchor)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: (kind, name) = (.end, nil)
        default: return nil
        }
        anchor = name.map { String(cString: $0) }
        text =
            event.type == YAML_SCALAR_EVENT
            ? event.data.scalar.value.map { String(cString: $0) } : nil
        start = YAMLPlace(event.start_mark)
        end = YAMLPlace(event.end_mark)
    }
}
