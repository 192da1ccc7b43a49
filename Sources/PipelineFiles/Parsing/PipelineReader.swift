// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import YAMLText
import Yams

/// The state of one parse: the text for messages, the environment for values, and the mistakes.
///
/// One reader serves one call, on one thread.
final class PipelineReader {
    let file: String
    let text: String
    let environment: [String: String]
    let baseDirectory: String
    /// The keys of kinds of source that are not in the format and that the caller adds.
    let kinds: [String]
    /// The kind of the file, as messages name it.
    let document: Document
    let lines: [Substring]
    /// The mistakes that ``refuse(_:)`` noted.
    var mistakes: [TranshipError] = []
    /// The messages of ``mistakes``, for a fast search: a file of another kind has tens of
    /// thousands.
    var knownMistakes: Set<String> = []
    /// The places of keys that their mapping already has. These mistakes are noted already.
    var passedOver: Set<FilePosition> = []
    /// The places of the errors that ``refusal(_:_:hint:)`` returned, by their messages.
    private(set) var places: [String: FilePosition] = [:]
    /// The clouds that entries name, including entries with mistakes.
    var clouds: [CloudName] = []
    /// The texts that the journal keeps in place of values with secrets, by the place of the value.
    private(set) var redactions: [FilePosition: String] = [:]

    /// The values of variables that the requests of the current source contain.
    private var variables: Set<String> = []

    /// A kind of YAML file.
    enum Document: String {
        case pipeline = "pipeline file"
        case catalogue

        var beginningHint: String {
            switch self {
            case .pipeline:
                "start it with `version: 1`; tranship help pipeline has an example"
            case .catalogue:
                "name a file such as etc/images/ubuntu.yml of openstack-image-manager"
            }
        }
    }

    init(
        text: String, file: String, environment: [String: String], kinds: [String] = [],
        document: Document = .pipeline
    ) {
        self.document = document
        self.file = file
        self.text = text.first == "\u{FEFF}" ? String(text.dropFirst()) : text
        self.environment = environment
        self.baseDirectory = FilePath.directory(of: file)
        self.kinds = kinds
        self.lines = self.text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    func position(_ mark: Mark?) -> FilePosition {
        position(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    func position(line: Int, column: Int) -> FilePosition {
        FilePosition(
            file: file, line: line, column: column,
            argument: isCopy ? CopyArgument.word(ofLine: line, in: lines) : nil)
    }

    /// True if `tranship copy` made the text, so that there is no file with it.
    var isCopy: Bool {
        PathText.lastComponent(file) == Run.copyFile && CopyArgument.beginsCopy(text)
    }

    func position(of node: Node) -> FilePosition { position(node.mark) }

    func position(_ place: YAMLPlace) -> FilePosition {
        position(line: place.line, column: place.column)
    }

    /// Returns an error about a place in the file, in the form that all such errors have.
    func refusal(_ position: FilePosition, _ message: String, hint: String? = nil)
        -> TranshipError
    {
        let error = TranshipError(.invalidPipeline, "\(position): \(message)", hint: hint)
        places[error.message] = position
        return error
    }

    /// Returns the rest of the line from a position on, without a comment.
    func source(at position: FilePosition) -> Substring {
        guard lines.indices.contains(position.line - 1) else { return "" }
        let line = lines[position.line - 1].unicodeScalars
        let rest = String(String.UnicodeScalarView(line.dropFirst(position.column - 1)))[...]
        return rest.firstRange(of: " #").map { rest[..<$0.lowerBound] } ?? rest
    }

    func noteVariable(_ value: String) {
        if !value.isEmpty { variables.insert(value) }
    }

    /// Returns the values that ``noteVariable(_:)`` noted since the last call.
    func takeVariables() -> [Secret<String>] {
        defer { variables = [] }
        return variables.sorted().map { Secret($0) }
    }

    /// Notes a mistake that other code found, such as a cloud that this machine does not know.
    func refuse(_ mistake: TranshipError, at position: FilePosition) {
        places[mistake.message] = position
        refuse(mistake)
    }

    /// Records that a value, or a part of it, is secret. The value of an alias is at its anchor.
    func noteSecret(_ part: SecretPart, in value: FileValue) {
        guard case .scalar(let scalar) = value.node, value.node.mark != nil,
            let shown = part.redacted(scalar.string)
        else { return }
        // One anchor can be a header in one place and a URL in another. The header hides more.
        if redactions[value.position] != SecretPart.mark { redactions[value.position] = shown }
    }
}
