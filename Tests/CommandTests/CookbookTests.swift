// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

/// Runs every recipe of `docs/cookbook.md`, and reads the tables beside it.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CookbookTests {
    /// The recipes with the copies that they make, by their names after the prefix.
    static let copies: [(title: String, names: [String])] = [
        ("One image", ["ubuntu-24.04"]),
        ("Three images", ["debian-12", "ubuntu-22.04", "ubuntu-24.04"]),
        ("All images of a kind", ["ubuntu-22.04", "ubuntu-24.04"]),
        ("By tag or property", ["debian-12", "ubuntu-22.04", "ubuntu-24.04"]),
        ("By id", ["ubuntu-24.04"]),
        ("One region", ["ubuntu-24.04"]),
        ("Under another name", ["ubuntu-22.04 of alpha", "ubuntu-24.04 of alpha"]),
        ("A file", ["Ubuntu 24.04"]),
        ("A folder of files", ["debian-12", "ubuntu-24.04"]),
        ("An address, with its checksum", ["noble"]),
        ("A pipeline file from a copy", ["ubuntu-22.04", "ubuntu-24.04"]),
        ("Over a disk", ["ubuntu-22.04", "ubuntu-24.04"]),
        ("Every night", ["debian-12", "ubuntu-24.04"]),
    ]

    private static func page(_ name: String) throws -> String {
        try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../docs/\(name)").standardizedFileURL, encoding: .utf8)
    }

    /// Returns the part of the page under a heading.
    private static func recipe(_ title: String) throws -> Substring {
        let page = try page("cookbook.md")
        let start = try #require(page.firstRange(of: "\n## \(title)\n"), "\(title)")
        let rest = page[start.upperBound...]
        return rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
    }

    private static func blocks(_ kind: String, in text: Substring) -> [String] {
        text.components(separatedBy: "```\(kind)\n").dropFirst()
            .compactMap { $0.components(separatedBy: "```").first }
    }

    @Test func `Every recipe of the page is in this test`() throws {
        let titles = try Self.page("cookbook.md").split(separator: "\n")
            .filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
        #expect(titles == Self.copies.map(\.title))
        #expect(titles.count == 13)
    }

    @Test(.enabled(if: Lab.isUp), arguments: copies.map(\.title))
    func `A recipe does what it says`(title: String) async throws {
        let kitchen = try await Kitchen()
        let recipe = try Self.recipe(title)
        do {
            for yaml in Self.blocks("yaml", in: recipe) { try kitchen.write(yaml) }
            let commands = Self.blocks("console", in: recipe).joined().split(separator: "\n")
            #expect(!commands.isEmpty)
            for command in commands {
                let outcome = try await kitchen.run(String(command.dropFirst(2)))
                #expect(outcome.status == 0, "\(command)\n\(outcome.output)\(outcome.talk)")
            }
            let expected = try #require(Self.copies.first { $0.title == title }).names
            #expect(try await kitchen.copies() == expected)
        } catch {
            await kitchen.cleanUp()
            throw error
        }
        await kitchen.cleanUp()
    }

    @Test func `The commands of the table for users of openstack exist, with their options`()
        async throws
    {
        let shell = try Shell()
        defer { shell.remove() }
        let dump = try await shell.run("tranship --experimental-dump-help")
        let reference = try CommandReference(json: Data(dump.output.utf8))
        let aliases = [
            "image ls": "image list", "image rm": "image delete",
            "image save": "image download", "ls": "image list", "rm": "image delete",
        ]
        let rows = try Self.page("from-openstack.md").split(separator: "\n")
            .filter { $0.hasPrefix("| `") }.dropFirst()
        #expect(rows.count > 20)
        for row in rows {
            let ours = row.components(separatedBy: " | ")[1]
            for match in ours.matches(of: /`tranship ([^`]+)`/) {
                let words = match.output.1.split(separator: " ").map(String.init)
                var path = words.prefix { $0.first?.isLowercase == true }.joined(separator: " ")
                path = aliases[path] ?? path
                let command = reference.leaves.first {
                    "tranship \(path) ".hasPrefix("\($0.path) ")
                }
                let names = (try #require(command, "\(path)").arguments ?? []).flatMap {
                    ($0.names ?? []).map(\.text)
                }
                for option in words where option.hasPrefix("-") {
                    #expect(names.contains(option), "\(path) \(option)")
                }
            }
        }
    }
}

/// The things that the recipes name: three images at alpha, files and an address. Their names have
/// a prefix of this test, so the recipes are rewritten to have it as well.
private struct Kitchen {
    private let shell: Shell
    private let web: FaultyWeb
    private let prefix = "cook-\(UUID().uuidString.prefix(8).lowercased())"

    init() async throws {
        shell = try Shell()
        web = try FaultyWeb()
        for (name, tag) in [
            ("ubuntu-24.04", "prod"), ("ubuntu-22.04", "old"), ("debian-12", "prod"),
        ] {
            let made = try await shell.run(
                """
                head -c 40000 /dev/urandom > \(prefix)-\(name).raw && \
                tranship image create \(prefix)-\(name) --file \(prefix)-\(name).raw \
                --tag \(prefix)-\(tag) --property os_distro=\(name.prefix { $0 != "-" })
                """)
            try #require(made.status == 0, "\(made.talk)")
        }
        let files = try await shell.run(
            """
            mkdir images; head -c 30000 /dev/urandom > noble.qcow2.raw; \
            for name in images/\(prefix)-ubuntu-24.04 images/\(prefix)-debian-12 noble; do
              qemu-img convert -O qcow2 noble.qcow2.raw $name.qcow2 2> /dev/null \
              || { printf 'QFI\\373\\0\\0\\0\\2' > $name.qcow2
                head -c 15 /dev/zero >> $name.qcow2; printf '\\20' >> $name.qcow2; head -c 64 /dev/zero >> $name.qcow2; }
              head -c 32 /dev/urandom >> $name.qcow2
            done
            """)
        try #require(files.status == 0, "\(files.talk)")
    }

    /// Returns the recipe with the names of this test.
    private func own(_ text: String) throws -> String {
        var text = text
        for name in ["ubuntu-24.04", "ubuntu-22.04", "ubuntu-*", "debian-12", "debian-*", "prod"] {
            for mark in ["'", " ", "\""] {
                text = text.replacing("\(mark)\(name)", with: "\(mark)\(prefix)-\(name)")
            }
        }
        let sum = try digest(.sha256, of: FaultyWeb.noise).value
        return text.replacing("sha256:5f…", with: "sha256:\(sum)")
            .replacing("https://mirror.example/noble.img", with: "\(web.url)/\(Self.name).raw")
            .replacing("https://mirror.example", with: web.url)
            .replacing("'Ubuntu 24.04'", with: "'\(prefix)-Ubuntu 24.04'")
    }

    private static let name = "noise"

    func write(_ yaml: String) throws {
        let name = yaml.prefix { $0 != "\n" }.dropFirst(2)
        try Data(try own(yaml).utf8).write(to: shell.folder.appendingPathComponent(String(name)))
    }

    func run(_ command: String) async throws -> Outcome { try await shell.run(try own(command)) }

    /// Returns the names of the images at beta, without the prefix; the address gives its own name.
    func copies() async throws -> [String] {
        let list = "tranship image list --cloud beta --limit 200 -f value -c name"
        let names = try await shell.run(list).output.split(separator: "\n").map(String.init)
        return names.compactMap { name in
            if name == Self.name { return "noble" }
            return name.hasPrefix("\(prefix)-") ? String(name.dropFirst(prefix.count + 1)) : nil
        }.sorted()
    }

    func cleanUp() async {
        for cloud in ["alpha", "beta"] {
            let ended = try? await shell.run(
                """
                tranship image list --cloud \(cloud) --limit 500 -f value -c id -c name \
                | grep -E ' (\(prefix)-.*|\(Self.name))$' | cut -d' ' -f1 \
                | xargs -r tranship image delete --cloud \(cloud) --missing-ok
                """)
            if ended?.status != 0 { Issue.record("cannot clean up: \(ended?.talk ?? "")") }
        }
        shell.remove()
    }
}
