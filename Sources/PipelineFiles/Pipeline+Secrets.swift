// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import YAMLText
import Yams

/// The part of a value in the file that is secret.
enum SecretPart {
    /// The whole value, for a header.
    case all
    /// The part after the path of a URL: a query or a fragment may be a signature.
    case query

    static let mark = "<redacted>"

    /// Returns the value without its secret; nil if it contains none. In `written`, variables are
    /// not expanded.
    func redacted(_ written: String) -> String? {
        switch self {
        case .all: return Self.isFromEnvironment(written) ? nil : Self.mark
        case .query:
            guard let start = written.firstIndex(where: { "?#".contains($0) }) else { return nil }
            let pieces = written[start...].dropFirst().split { "&;#".contains($0) }
            let areHarmless = pieces.allSatisfy { piece in
                Self.isFromEnvironment(piece.drop { $0 != "=" }.dropFirst())
            }
            return areHarmless ? nil : "\(written[..<start])?\(Self.mark)"
        }
    }

    /// True if the value consists of variables only, apart from the scheme of an `Authorization`
    /// header. A default in the file is as secret as any other text there.
    private static func isFromEnvironment(_ written: some StringProtocol) -> Bool {
        var rest = String(written)[...]
        for scheme in ["Basic ", "Bearer ", "Token "] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
        }
        return rest.wholeMatch(of: /(\$\{[A-Za-z_][A-Za-z0-9_]*(:-)?\})+/) != nil
    }
}

extension PipelineReader {
    /// Returns the text with each secret replaced at its place, in any spelling.
    ///
    /// Replacing every occurrence of a value would not suffice: YAML has escapes, folded lines and
    /// blocks, `$$` means a dollar sign, and an anchor keeps the value elsewhere.
    func textWithoutSecrets() -> String {
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var copied = 0
        YAMLEvents.each(in: text) { event in
            let range = event.start.offset..<max(event.start.offset, event.end.offset)
            guard event.kind == .scalar, let value = redactions[position(event.start)],
                copied <= range.lowerBound, range.upperBound <= scalars.count
            else { return }
            result += Self.withoutSecretsInComments(scalars[copied..<range.lowerBound])
            let anchor = event.anchor.map { "&\($0) " } ?? ""
            let quoted = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            // A block ends at the beginning of the line after it.
            let end = scalars[range].last == "\n" ? "\n" : ""
            result += "\(anchor)\"\(quoted)\"\(end)".unicodeScalars
            copied = range.upperBound
        }
        result += Self.withoutSecretsInComments(scalars[copied...])
        return String(result)
    }

    /// Removes secrets from comments. An address in a comment, such as in an entry that is switched
    /// off, has its secrets in the same parts as an address in use.
    private static func withoutSecretsInComments(
        _ text: ArraySlice<Unicode.Scalar>
    ) -> String.UnicodeScalarView {
        var scalars = String.UnicodeScalarView()
        scalars += text
        guard text.contains("#") else { return scalars }
        let address =
            /(?<scheme>[A-Za-z]+:\/\/)(?:[^\s'"\/?#@]*@)?(?<place>[^\s'"?]*)(?<query>\?[^\s'"]*)?/
        return String(scalars).replacing(address) { match in
            "\(match.scheme)\(match.place)\(match.query == nil ? "" : "?…")"
        }.unicodeScalars
    }
}

extension Pipeline {
    /// Parses the text that a journal kept. If secrets are missing from it, reads the file again.
    ///
    /// - Throws: as ``load(file:environment:)``, and ``TranshipError/Code/invalidPipeline`` if the
    ///   file has changed since.
    public static func recall(text: String, file: String, environment: [String: String])
        throws(TranshipError) -> Pipeline
    {
        guard lacksSecrets(text) else {
            return try parse(text: text, file: file, environment: environment)
        }
        let pipeline = try load(file: file, environment: environment)
        guard pipeline.textWithoutSecrets == text else {
            throw TranshipError(
                .invalidPipeline,
                "\(file) has changed since the run began, and the journal does not keep its secrets",
                hint: "run the pipeline again; images that are done are skipped")
        }
        return pipeline
    }

    /// True if a secret was removed from the text of a journal.
    public static func lacksSecrets(_ text: String) -> Bool { text.contains(SecretPart.mark) }

    /// The values of the file by the path of their keys, as written and without secrets:
    /// `targets[0].image.visibility` is `keep`. For the comparison of two versions of a file.
    public var keyTexts: [String: String] { Self.keyTexts(of: textWithoutSecrets) }

    /// Returns the ``keyTexts`` of a text that a journal kept. Empty if the text is not YAML.
    public static func keyTexts(of text: String) -> [String: String] {
        var texts: [String: String] = [:]
        if let root = try? Yams.compose(yaml: text) { collect(root, "", into: &texts) }
        return texts
    }

    private static func collect(_ node: Node, _ path: String, into texts: inout [String: String]) {
        switch node {
        case .scalar(let scalar): texts[path] = scalar.string
        case .sequence(let list):
            if list.isEmpty { texts[path] = "[]" }
            for (index, value) in list.enumerated() {
                collect(value, "\(path)[\(index)]", into: &texts)
            }
        case .mapping(let mapping):
            if mapping.isEmpty { texts[path] = "{}" }
            for (key, value) in mapping {
                let name = key.scalar?.string ?? "?"
                collect(value, path.isEmpty ? name : "\(path).\(name)", into: &texts)
            }
        case .alias: break
        }
    }
}
