// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A placeholder in a name, such as `{stem}` or `{checksum:8}`.
public enum Placeholder: Sendable, Hashable {
    /// The image's name at the source.
    case name
    /// The image's id at the source.
    case id
    /// The file's name without its last extension.
    case stem
    /// The day of planning, `2026-11-21`.
    case date
    /// The version within the series.
    case version
    /// The name of the product in an index of Simplestreams.
    case product
    /// The first digits of the expected checksum, or all of them if `digits` is nil.
    case checksum(digits: Int?)

    /// The placeholder as the pipeline file writes it: `{checksum:8}`.
    public var text: String {
        switch self {
        case .name: "{name}"
        case .id: "{id}"
        case .stem: "{stem}"
        case .date: "{date}"
        case .version: "{version}"
        case .product: "{product}"
        case .checksum(nil): "{checksum}"
        case .checksum(let digits?): "{checksum:\(digits)}"
        }
    }
}

/// The values for the placeholders of one image's name. nil marks an unknown value.
public struct PlaceholderValues: Sendable, Equatable {
    public var name: String?
    public var id: String?
    public var stem: String?
    public var date: String?
    public var version: String?
    public var product: String?
    /// The checksum in hexadecimal digits, without the algorithm.
    public var checksum: String?

    public init(
        name: String? = nil, id: String? = nil, stem: String? = nil, date: String? = nil,
        version: String? = nil, checksum: String? = nil
    ) {
        self.name = name
        self.id = id
        self.stem = stem
        self.date = date
        self.version = version
        self.checksum = checksum
    }

    subscript(placeholder: Placeholder) -> String? {
        switch placeholder {
        case .name: name
        case .id: id
        case .stem: stem
        case .date: date
        case .version: version
        case .product: product
        case .checksum(nil): checksum
        case .checksum(let digits?): checksum.map { String($0.prefix(digits)) }
        }
    }
}

/// A name with placeholders: `{name}-{date}`. `{{` stands for `{`.
///
/// Rendering is pure: the same values always give the same name, so a plan can store it.
public struct NameTemplate: Sendable, Equatable, CustomStringConvertible {
    /// The template as written, with environment variables expanded.
    public let text: String
    /// The place of the template in the pipeline file; nil for a built-in default.
    public let position: FilePosition?
    let pieces: [Piece]

    enum Piece: Sendable, Equatable {
        case literal(String)
        case placeholder(Placeholder)
    }

    /// `{name}`, the default of a target.
    public static let sourceName = NameTemplate(
        text: "{name}", position: nil, pieces: [.placeholder(.name)])

    /// `{stem}`, the default of url and file sources.
    public static let fileStem = NameTemplate(
        text: "{stem}", position: nil, pieces: [.placeholder(.stem)])

    /// The placeholders in the template, in order.
    public var placeholders: [Placeholder] {
        pieces.compactMap {
            if case .placeholder(let placeholder) = $0 { placeholder } else { nil }
        }
    }

    public var description: String { text }

    /// Returns the template with a product's name in place of `{product}`.
    public func filled(product: String) -> NameTemplate {
        NameTemplate(
            text: text, position: position,
            pieces: pieces.map { $0 == .placeholder(.product) ? .literal(product) : $0 })
    }

    /// Renders the name for one image.
    ///
    /// - Throws: ``TranshipError/Code/invalidPipeline`` if a placeholder has no value.
    public func render(_ values: PlaceholderValues) throws(TranshipError) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .literal(let text):
                result += text
            case .placeholder(let placeholder):
                guard let value = values[placeholder] else {
                    let place = position.map { "\($0): " } ?? ""
                    throw TranshipError(
                        .invalidPipeline,
                        "\(place)\"\(text)\" uses \(placeholder.text), "
                            + "which has no value for this image",
                        hint: "remove \(placeholder.text) from the name")
                }
                result += value
            }
        }
        return result
    }
}

/// The place of a name in the file, which decides what its placeholders can refer to.
enum NamePlace {
    /// The name or series of a url, file or archive source.
    case source
    /// The name or series of a simplestreams source.
    case product
    /// The name at a target, for any source.
    case target

    var placeholders: [String] {
        switch self {
        case .source: ["stem", "date", "version", "checksum"]
        case .product: ["stem", "date", "version", "product", "checksum"]
        case .target: ["name", "id", "stem", "date", "version", "checksum"]
        }
    }
}

extension FileValue {
    /// Parses a name with placeholders. Refuses unknown placeholders.
    func nameTemplate(_ place: NamePlace) throws(TranshipError) -> NameTemplate {
        let text = try text()
        var pieces: [NameTemplate.Piece] = []
        var literal = ""
        // Braces in the value of a variable are part of the name.
        var rest = try self.text { $0.replacing("{", with: "{{") }[...]
        while let character = rest.popFirst() {
            if character != "{" {
                literal.append(character)
            } else if rest.first == "{" {
                rest = rest.dropFirst()
                literal.append("{")
            } else {
                guard let end = rest.firstIndex(of: "}") else {
                    throw refusal(
                        "\(label) is \(shown), but a brace is not closed",
                        hint: "write {{ for a literal brace")
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.placeholder(try placeholder(rest[..<end], place)))
                rest = rest[end...].dropFirst()
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        let length = pieces.reduce(0) {
            if case .literal(let text) = $1 { $0 + text.count } else { $0 }
        }
        // The Image service's own limit for a name.
        guard length <= 255 else {
            throw refusal("\(label) has more than 255 characters")
        }
        return NameTemplate(text: text, position: position, pieces: pieces)
    }

    private func placeholder(_ inner: Substring, _ place: NamePlace) throws(TranshipError)
        -> Placeholder
    {
        let parts = inner.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let word = String(parts[0])
        let known = place.placeholders
        guard known.contains(word) else {
            throw refusal(
                "\(label) is \(shown), but {\(inner.prefix(100))} is not a placeholder here",
                hint: Nearest.to(word, in: known).map { "did you mean {\($0)}?" }
                    ?? "known placeholders: " + known.map { "{\($0)}" }.joined(separator: " ")
                    + "; write {{ for a literal brace")
        }
        if word == "checksum" {
            guard parts.count == 2 else { return .checksum(digits: nil) }
            guard let digits = Int(parts[1]), (1...128).contains(digits), parts[1].first != "+"
            else {
                throw refusal(
                    "\(label) is \(shown), but {\(inner.prefix(100))} needs a number of digits",
                    hint: "write it as {checksum:8}")
            }
            return .checksum(digits: digits)
        }
        guard parts.count == 1 else {
            throw refusal(
                "\(label) is \(shown), but {\(word)} takes nothing after a colon",
                hint: "write {\(word)}")
        }
        return [.name, .id, .stem, .date, .product].first { $0.text == "{\(word)}" } ?? .version
    }
}
