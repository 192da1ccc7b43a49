// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import PipelineFiles
import Testing

/// Pipeline files for tests: the smallest valid one, with inserted parts.
enum PipelineTexts {
    static let source = "  - cloud: alpha"
    static let target = "  - cloud: beta"

    /// Returns a file in which line 1 is `version`, line 2 `name` and line 3 `sources:`; a source
    /// starts on line 4 in column 5.
    static func with(source: String = source, target: String = target, more: String = "") -> String
    {
        """
        version: 1
        name: leave-alpha
        sources:
        \(source)
        targets:
        \(target)
        \(more)
        """
    }

    /// Returns a file with a url source that has these lines below it, each indented by four.
    static func withURL(_ lines: String) -> String {
        with(source: "  - url: https://mirror.example/noble.iso\n\(lines)")
    }
}

func parse(_ text: String, _ environment: [String: String] = [:]) throws(TranshipError) -> Pipeline
{
    try Pipeline.parse(text: text, file: "p.yaml", environment: environment)
}

/// Returns the error's code and words for an operator; nil if the file is valid.
func refusal(_ text: String, _ environment: [String: String] = [:]) -> TranshipError? {
    do {
        _ = try parse(text, environment)
        return nil
    } catch {
        return error
    }
}

func cloudSource(_ text: String, _ environment: [String: String] = [:]) throws -> CloudSource {
    guard case .cloud(let source) = try parse(text, environment).sources[0] else {
        throw Missing(what: "cloud source")
    }
    return source
}

func urlSource(_ text: String, _ environment: [String: String] = [:]) throws -> URLSource {
    guard case .url(let source) = try parse(text, environment).sources[0] else {
        throw Missing(what: "url source")
    }
    return source
}

func fileSource(_ text: String) throws -> FileSource {
    guard case .file(let source) = try parse(text).sources[0] else {
        throw Missing(what: "file source")
    }
    return source
}

func cloudTarget(_ text: String) throws -> CloudTarget {
    guard case .cloud(let target) = try parse(text).targets[0] else {
        throw Missing(what: "cloud target")
    }
    return target
}

struct Missing: Error {
    let what: String
}

/// An invalid file and the complete message that it must cause.
struct BadFile: CustomTestStringConvertible, Sendable {
    let title: String
    let text: String
    let message: String
    var environment: [String: String] = [:]

    init(_ title: String, _ text: String, _ message: String, _ environment: [String: String] = [:])
    {
        self.title = title
        self.text = text
        self.message = message
        self.environment = environment
    }

    var testDescription: String { title }
}
