// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import OpenStackImage

extension ArgumentHelp {
    /// - Parameter name: the placeholder for the value in the help text.
    static func value(_ name: String, _ abstract: String, discussion: String = "") -> Self {
        Self(abstract, discussion: discussion, valueName: name)
    }
}

/// The argument `key=value`. The value may contain anything, the key may not contain `=`.
struct KeyValue: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let mark = argument.firstIndex(of: "="), mark != argument.startIndex else {
            return nil
        }
        key = String(argument[..<mark])
        value = String(argument[argument.index(after: mark)...])
    }
}

/// A number of bytes with or without a unit: `512`, `20GB`, `1.5GiB`.
struct ByteSize: ExpressibleByArgument {
    let bytes: Int64

    init(bytes: Int64) { self.bytes = bytes }

    init?(argument: String) {
        guard let bytes = ByteCount.parse(argument) else { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String { ByteCount.format(bytes) }
}

/// A duration with its unit: `30s`, `15m`, `24h`.
struct Span: ExpressibleByArgument {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init?(argument: String) {
        guard let seconds = TimeSpan.parse(argument) else { return nil }
        self.seconds = seconds
    }

    var defaultValueDescription: String { TimeSpan.format(seconds) }
}

/// The visibility of an image.
enum VisibilityFlag: String, EnumerableFlag {
    case `public`, `private`, community, shared

    static func help(for value: Self) -> ArgumentHelp? {
        switch value {
        case .public: "Visible to every project, in every list; needs an administrator."
        case .private: "Visible to the owner only."
        case .community: "Visible to every project, but not in their lists."
        case .shared: "Visible to the owner and the members."
        }
    }

    var visibility: ImageVisibility { ImageVisibility(rawValue: rawValue) }
}

enum ProtectionFlag: String, EnumerableFlag {
    case protected, unprotected

    static func help(for value: Self) -> ArgumentHelp? {
        value == .protected ? "Refuse deletion." : "Allow deletion."
    }
}

enum HiddenFlag: String, EnumerableFlag {
    case hidden, unhidden

    static func help(for value: Self) -> ArgumentHelp? {
        value == .hidden ? "Leave it out of lists." : "Show it in lists."
    }
}

extension [KeyValue] {
    /// The pairs as a dictionary. If a key occurs several times, the last value wins.
    var dictionary: [String: String] {
        Dictionary(map { ($0.key, $0.value) }) { $1 }
    }
}

/// An argument with any JSON.
struct JSONArgument: ExpressibleByArgument {
    let value: JSONValue

    init?(argument: String) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(argument.utf8))
        else { return nil }
        self.value = value
    }
}

/// The options that set how long and how often to look.
struct WaitOptions: ParsableArguments {
    @Option(help: .value("time", "How long to wait: 90s, 30m, 2h."))
    var deadline = Span(seconds: 3600)

    @Option(help: .value("time", "The time between two looks."))
    var interval = Span(seconds: 2)

    var pace: Pace {
        Pace(
            intervalSeconds: Double(interval.seconds), deadlineSeconds: Double(deadline.seconds))
    }
}

/// The data to send: a file, a URL, or `-` for standard input.
struct DataArgument: ExpressibleByArgument {
    let argument: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self.argument = argument
    }

    var isURL: Bool { ["http://", "https://"].contains { argument.lowercased().hasPrefix($0) } }

    /// - Throws: ``TranshipError/Code/usage`` if standard input is a terminal, because an image is
    ///   not typed.
    func source(sizeBytes: Int64?) throws(TranshipError) -> ImageDataSource {
        if argument == "-" {
            guard isatty(STDIN_FILENO) == 0 else {
                throw TranshipError(
                    .usage, "standard input is a terminal",
                    hint: "pipe the data in, or name a file")
            }
            return .descriptor(STDIN_FILENO, named: "standard input", sizeBytes: sizeBytes)
        }
        guard sizeBytes == nil else {
            throw TranshipError(
                .usage, "--size is for standard input; the size of \(argument) is known")
        }
        return isURL ? .url(Secret(argument)) : .file(argument)
    }
}

/// The known facts about the data before it is sent.
struct PromiseOptions: ParsableArguments {
    @Option(
        help: .value(
            "algorithm:digits", "A checksum that the data must have; repeatable.",
            discussion: """
                md5, sha1, sha256 or sha512. The end of other data is withheld, so that it
                does not become an image.
                """), transform: ChecksumArgument.parse)
    var checksum: [ChecksumArgument] = []

    @Option(
        help: .value(
            "bytes", "The size of standard input.",
            discussion: "With it, a broken pipe is noticed."))
    var size: ByteSize?

    var expected: [Checksum] { checksum.map(\.checksum) }
}

/// An argument such as `sha256:…`.
struct ChecksumArgument {
    let checksum: Checksum

    /// - Throws: the problem, in words for people.
    static func parse(_ text: String) throws -> ChecksumArgument {
        do throws(TranshipError) {
            return ChecksumArgument(try Checksum(text))
        } catch {
            throw ValidationError(
                error.message + (error.hint.map { "; \($0)" } ?? ""))
        }
    }

    private init(_ checksum: Checksum) { self.checksum = checksum }
}
