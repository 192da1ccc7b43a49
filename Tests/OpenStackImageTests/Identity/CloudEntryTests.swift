// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading clouds.yaml")
struct CloudEntryYAMLTests {
    @Test("broken YAML is refused with file and line, and without quoting a secret")
    func broken() throws {
        let error = #expect(throws: TranshipError.self) {
            try CloudEntry(
                yaml: "clouds:\n  a:\n    password: \"hunter2\n  b: 1\n", file: "/etc/clouds.yaml")
        }
        #expect(error?.code == .invalidCloudsFile)
        #expect(error?.message.hasPrefix("/etc/clouds.yaml:") == true)
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test("a duplicate key is refused, with the key and both of its lines")
    func duplicates() throws {
        let error = #expect(throws: TranshipError.self) {
            try CloudEntry(yaml: "clouds:\n  beta: 1\n  a: 2\n  beta: 2\n", file: "clouds.yaml")
        }
        #expect(error?.message == "clouds.yaml:4:3: beta is there twice, first at line 2")
        #expect(error?.hint == "keep one of them")
    }

    @Test("a tab is named as one", arguments: ["\ta: 1", "  a:\n\t  b: 1", "  a: 1\n \tb: 1"])
    func tabs(text: String) throws {
        let error = #expect(throws: TranshipError.self) {
            try CloudEntry(yaml: "clouds:\n\(text)\n", file: "clouds.yaml")
        }
        #expect(error?.message.contains("no tabs") == true, "\(error?.message ?? "")")
        #expect(error?.hint == "indent with spaces")
    }

    @Test("numbers, booleans and times are text; null is nothing")
    func scalars() throws {
        let entry = try CloudEntry(
            yaml: "{a: 24.10, b: 0123, c: yes, d: 2026-01-01, e: null, f: ~, g: '~', h: ''}",
            file: "f")
        #expect(
            entry
                == .mapping([
                    "a": .text("24.10"), "b": .text("0123"), "c": .text("yes"),
                    "d": .text("2026-01-01"), "g": .text("~"), "h": .text(""),
                ]))
    }

    @Test("JSON is read as well")
    func json() throws {
        let entry = try CloudEntry(yaml: "{\"clouds\": {\"a\": {\"verify\": false}}}", file: "f")
        #expect(entry["clouds"]?["a"]?["verify"] == .text("false"))
    }

    @Test("aliases that multiply end at a limit instead of in memory")
    func multiplyingAliases() throws {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...7 {
            let alias = "*a\(level - 1)"
            let list = Array(repeating: alias, count: 10).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(list)]\n"
        }
        let error = #expect(throws: TranshipError.self) {
            try CloudEntry(yaml: yaml, file: "clouds.yaml")
        }
        #expect(error?.message.contains("more than 100000 values") == true)
    }

    @Test("a key of nested aliases is refused before it is composed")
    func keyOfAliases() {
        var yaml = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (name, inner) in zip("bcdefghijklm", "abcdefghijkl") {
            yaml += "\(name): &\(name) [*\(inner), *\(inner)]\n"
        }
        for key in ["? *m\n: x", "*m : x", "clouds: { [*l]: x }"] {
            let error = #expect(throws: TranshipError.self) {
                try CloudEntry(yaml: yaml + key, file: "clouds.yaml")
            }
            #expect(
                error?.message.hasPrefix("clouds.yaml:14:") == true, "\(String(describing: error))")
            #expect(error?.message.hasSuffix("has a key that is not text") == true)
        }
    }
}
