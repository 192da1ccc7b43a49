// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import YAMLText
import Yams

extension YAMLBounds {
    /// The limits for a pipeline file, far above the needs of any pipeline.
    static let pipeline = YAMLBounds(aliasesMax: 100, depthMax: 32, nodesMax: 200_000)
}

extension PipelineReader {
    /// Parses the file into one tree of YAML nodes within ``YAMLBounds/pipeline``.
    func root() throws(TranshipError) -> Node {
        guard text.utf8.count <= Pipeline.fileBytesMax else {
            throw refusal(
                position(nil), "the file is larger than 1 MiB, too large for a \(document.rawValue)"
            )
        }
        do throws(YAMLBounds.Excess) {
            try YAMLBounds.pipeline.check(text)
        } catch {
            throw explained(error)
        }
        let node: Node?
        do {
            node = try composed()
        } catch {
            if let missing = missingSpaces(near: error) { throw missing }
            throw explained(error)
        }
        // Without a tree, nothing more can be read, so report the first mistake alone.
        if node == nil, let first = mistakes.first { throw first }
        guard let node, !isNull(node) else {
            throw refusal(
                position(nil), "the file is empty",
                hint: document.beginningHint)
        }
        return node
    }

    private func explained(_ excess: YAMLBounds.Excess) -> TranshipError {
        let place = position(excess.place)
        let bounds = YAMLBounds.pipeline
        switch excess.kind {
        case .aliases: return refusal(place, "more than \(bounds.aliasesMax) aliases")
        case .depth:
            return refusal(
                place, "nested more than \(bounds.depthMax) levels deep",
                hint: "check the indentation: no \(document) needs that many levels")
        case .nodes:
            return refusal(
                place, "more than \(bounds.nodesMax) values once aliases are expanded",
                hint: "use fewer aliases inside aliases, or split the \(document)")
        case .keyNodes:
            return refusal(
                place,
                "a key is not text: it stands for more than \(YAMLBounds.keyNodesMax) values",
                hint: "quote the key if it is meant as text")
        }
    }

    /// True for a key without a value.
    func isEmpty(_ node: Node) -> Bool {
        if case .scalar(let scalar) = node { isNull(node) && scalar.string.isEmpty } else { false }
    }

    /// True for an unquoted `~`, `null` or empty scalar.
    func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

/// Explains libyaml's errors to readers who do not know YAML's grammar. The usual mistakes have
/// messages of their own.
extension PipelineReader {
    /// Returns the error to show for an error of Yams.
    func explained(_ error: any Error) -> TranshipError {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            return explained(problem, at: mark, context: context)
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            return refusal(
                position(context.mark), "duplicate key `\(keys.first ?? "")` in this mapping",
                hint: "keep one of them")
        case YamlError.reader(let problem, let offset, let value, _):
            return refusal(
                position(ofOffset: offset ?? 0),
                value > 0
                    ? "a character that YAML does not allow: U+\(hexadecimal(value))"
                    : "this is not YAML: \(problem)",
                hint: "check that this is a \(document.rawValue)")
        default:
            return refusal(position(nil), "this is not YAML: \(error)")
        }
    }

    private func explained(_ problem: String, at mark: Mark, context: YamlError.Context?)
        -> TranshipError
    {
        let place = position(mark)
        let opening = context.map { position($0.mark) }
        let doing = context?.text ?? ""
        if problem.contains("undefined alias") { return undefinedAlias(place) }
        if doing.contains("alias") || doing.contains("anchor"), let opening {
            return mustBeQuoted(opening)
        }
        if problem.contains("another document") {
            return refusal(
                place, "a second YAML document starts here",
                hint:
                    "remove the `---`, or make two files: a \(document.rawValue) holds one document"
            )
        }
        if problem.contains("nesting level") {
            return refusal(place, "nested too deeply", hint: "check the brackets")
        }
        if problem.contains("cannot start any token") {
            guard source(at: place).first == "\t" else { return mustBeQuoted(place) }
            return refusal(
                place, "YAML allows no tabs for indentation", hint: "indent with spaces")
        }
        if doing.contains("quoted scalar"), problem.contains("end of stream"), let opening {
            return refusal(opening, "the quote that opens here is never closed")
        }
        if let brace = bracedValue(before: place) { return mustBeQuoted(brace) }
        if doing.contains("flow"), source(at: position(context?.mark)).contains("${") {
            return refusal(
                opening ?? place,
                "inside [ ] and { } a value with "
                    + "\(document == .pipeline ? "${…}" : "{ }") must be quoted",
                hint: document == .pipeline ? "write \"${NAME}\"" : "put it in quotes")
        }
        if problem.contains("','"), let opening {
            return refusal(
                opening, "the bracket that opens here is not closed",
                hint: "quote a value that starts with a bracket or holds one")
        }
        if problem.contains("mapping values are not allowed") {
            return refusal(
                place, "this is not YAML: a second `:` where a value was expected",
                hint: "quote a value that holds \": \", and check the indentation")
        }
        let words = doing.isEmpty ? problem : "\(problem), \(doing)"
        return refusal(
            place, "this is not YAML: \(words)",
            hint: "check the indentation and the quotes there and on the line above")
    }

    /// Explains an alias without an anchor: either the name of an anchor is mistyped, or the value
    /// is not meant as an alias.
    private func undefinedAlias(_ place: FilePosition) -> TranshipError {
        let alias = String(
            source(at: place).dropFirst().prefix {
                $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_"
            })
        let anchors = text.matches(of: /[\s\[{,]&([\w-]+)/).map { String($0.1) }
        guard mayRepeat(at: place), let anchor = Nearest.to(alias, in: anchors) else {
            return mustBeQuoted(place)
        }
        return refusal(
            place, "the alias *\(alias) has no anchor above it", hint: "did you mean *\(anchor)?")
    }

    /// Explains values such as `*-test`, `{stem}-x`, `@home` and `%a`, whose first character has a
    /// meaning in YAML.
    func mustBeQuoted(_ position: FilePosition) -> TranshipError {
        let value = plainValue(at: position)
        let meaning =
            switch value.first {
            case "*": ", or YAML reads it as an alias, and no anchor has that name"
            case "{": ", or YAML reads it as a mapping"
            case "[": ", or YAML reads it as a list"
            case "&": ", or YAML reads it as an anchor"
            default: ""
            }
        return refusal(
            position, "a value that starts with \(value.prefix(1)) must be quoted\(meaning)",
            hint: value.isEmpty
                ? nil : mayRepeat(at: position) ? "write \"\(value)\"" : "put it in quotes")
    }

    /// Returns the value that was probably meant: the rest of the line or, inside brackets, the
    /// text up to the closing bracket or comma.
    private func plainValue(at position: FilePosition) -> String {
        let rest = source(at: position)
        let isInsideBrackets = isInBrackets(position)
        var depth = 0
        var value = ""
        for character in rest {
            if "[{".contains(character) { depth += 1 }
            if "]}".contains(character) {
                depth -= 1
                if depth < 0 { break }
            }
            if character == ",", depth == 0, isInsideBrackets { break }
            // A colon and a space end a key.
            if character == " ", depth == 0, value.last == ":" { return String(value.dropLast()) }
            value.append(character)
        }
        while value.last?.isWhitespace == true { value.removeLast() }
        return value
    }

    private func isInBrackets(_ position: FilePosition) -> Bool {
        let line = lines[position.line - 1].unicodeScalars.prefix(position.column - 1)
        let opened = line.count { $0 == "[" || $0 == "{" }
        return opened > line.count { $0 == "]" || $0 == "}" }
    }

    /// Returns the position of the bracket that starts this line's value, if the error is in the
    /// text after its closing bracket, as in `name: {stem}-{date}`.
    private func bracedValue(before place: FilePosition) -> FilePosition? {
        guard lines.indices.contains(place.line - 1) else { return nil }
        let line = Array(lines[place.line - 1].unicodeScalars)
        var start = 0
        for (index, scalar) in line.enumerated().prefix(place.column - 1) {
            let isIndicator =
                scalar == ":" || (scalar == "-" && line[..<index].allSatisfy { $0 == " " })
            if isIndicator, index + 1 < line.count, line[index + 1] == " " { start = index + 1 }
        }
        while start < line.count, line[start] == " " { start += 1 }
        guard start < line.count, line[start] == "{" || line[start] == "[",
            start < place.column - 1,
            line[start..<(place.column - 1)].contains(line[start] == "{" ? "}" : "]")
        else { return nil }
        return position(line: place.line, column: start + 1)
    }

    private func position(ofOffset offset: Int) -> FilePosition {
        var line = 1
        var column = 1
        for character in text.prefix(offset) {
            if character.isNewline {
                line += 1
                column = 1
            } else {
                column += character.unicodeScalars.count
            }
        }
        return position(line: line, column: column)
    }

    private func hexadecimal(_ value: Int32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
