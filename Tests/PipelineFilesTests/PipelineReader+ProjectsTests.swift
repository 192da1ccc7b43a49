// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Testing

@testable import PipelineFiles

@Suite struct PipelineReaderProjectsTests {
    private func pipeline(
        _ projects: String, source: String = "cloud: alpha", target: String = "cloud: beta",
        file: String = "/pipelines/p.yaml"
    ) throws -> Pipeline {
        try Pipeline.parse(
            text: """
                version: 1
                name: p
                sources: [{ \(source) }]
                targets: [{ \(target) }]
                \(projects)
                """, file: file, environment: [:])
    }

    private func refusal(_ body: () throws -> Pipeline) -> String? {
        let error = #expect(throws: TranshipError.self) { _ = try body() }
        #expect(error?.code == .invalidPipeline)
        return error?.message
    }

    @Test func `A table has ids, names, names with a domain, and a rest`() throws {
        let table = try #require(
            try pipeline(#"projects: { a: b, "c@D": "e@f@G", "*": archive }"#).projects)
        #expect(table.rows.map(\.source.project) == ["a", "c"])
        #expect(table.rows.map(\.source.domain) == [nil, "D"])
        #expect(table.rows.map(\.target.project) == ["b", "e@f"])
        #expect(table.rows.map(\.target.domain) == [nil, "G"])
        #expect(table.rest?.project == "archive")
        #expect(table.targets.map(\.text) == ["b", "e@f@G", "archive"])
        #expect(try pipeline("").projects == nil)
        let rest = try #require(try pipeline(#"projects: { "*": archive }"#).projects)
        #expect(rest.rows.isEmpty && rest.targets.map(\.text) == ["archive"])
    }

    @Test func `A table may be a CSV file beside the pipeline file`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "projects-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let csv = folder.appendingPathComponent("p.csv")
        let file = folder.appendingPathComponent("p.yaml").path
        try Data("source,target\r\na, b\r\n\"c, d\",\"e\"\"f\"\r\n\r\n*,rest\r\n".utf8).write(
            to: csv)
        let read = try pipeline("projects: p.csv", file: file)
        #expect(
            read.outsideTexts == [
                "projects.a": "b", "projects.c, d": "e\"f", "projects.*": "rest",
            ])
        #expect(try pipeline("projects: { a: b }").outsideTexts.isEmpty)
        let table = try #require(read.projects)
        #expect(table.rows.map(\.source.text) == ["a", "c, d"])
        #expect(table.rows.map(\.target.text) == ["b", "e\"f"])
        #expect(table.rest?.text == "rest")

        try Data("a,b\nc\n".utf8).write(to: csv)
        let message = refusal { try pipeline("projects: p.csv", file: file) }
        #expect(message?.contains("p.csv:2: a line has a source project") == true)
        let missing = refusal { try pipeline("projects: none.csv", file: file) }
        #expect(missing?.contains("none.csv") == true)
        let error = #expect(throws: TranshipError.self) {
            try pipeline("projects: none.csv", file: file)
        }
        #expect(error?.message.contains("o such file") == true)
        #expect(error?.hint?.contains("check the path in `projects`") == true)

        let directory = #expect(throws: TranshipError.self) {
            try pipeline("projects: .", file: file)
        }
        #expect(directory?.message.contains("is a directory, not a table of projects") == true)
        #expect(directory?.hint?.hasSuffix("/projects.csv") == true, "\(directory?.hint ?? "")")

        try Data("a,\"b\n".utf8).write(to: csv)
        let open = refusal { try pipeline("projects: p.csv", file: file) }
        #expect(open?.contains("p.csv:1: a quote is not closed") == true)
        try Data([0xFF, 0xFE, 0x61, 0]).write(to: csv)
        let utf16 = #expect(throws: TranshipError.self) {
            try pipeline("projects: p.csv", file: file)
        }
        #expect(utf16?.hint == "save the file as UTF-8")
        try Data("a,b\nc,d\na,e\n".utf8).write(to: csv)
        let twice = refusal { try pipeline("projects: p.csv", file: file) }
        #expect(twice?.contains("p.csv:1: a to b, and ") == true)
        #expect(twice?.hasSuffix("p.csv:3: a to e") == true)
    }

    /// CSV files with a mistake, each with a part of the hint.
    @Test(arguments: [
        ("a;b\n", "separated by semicolons"), ("a\tb\n", "separated by tabs"),
        ("a\n", "write it as team-a,team-b"), ("target,source\na,b\n", "exchange the columns"),
    ])
    func `A table of a spreadsheet is refused by what is wrong with it`(
        csv: String, hint: String
    ) throws {
        let error = try #require(try table(csv).refusal)
        #expect(error.hint?.contains(hint) == true, "\(error)")
        #expect(error.message.contains("p.csv:1: "))
    }

    private func table(_ csv: String) throws -> (lines: [String], refusal: TranshipError?) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "projects-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(csv.utf8).write(to: folder.appendingPathComponent("p.csv"))
        do {
            let table = try pipeline(
                "projects: p.csv", file: folder.appendingPathComponent("p.yaml").path
            ).projects
            return ((table?.rows ?? []).map { "\($0.source.text)>\($0.target.text)" }, nil)
        } catch let error as TranshipError {
            return ([], error)
        }
    }

    @Test(
        arguments: [
            ("\u{FEFF}a,b\r\nc,d\r\n", ["a>b", "c>d"]), ("a , b \n c\t,d", ["a>b", "c>d"]),
            ("\"a, b\" , \" c \"\n", ["a, b> c "]), ("\"a\"\"b\",\"\"\"c\"", ["a\"b>\"c"]),
            ("source,target\na,b", ["a>b"]), ("\n\na,b\n\n", ["a>b"]),
            ("Source,Target\na,b", ["a>b"]), ("\nSOURCE , TARGET\na,b", ["a>b"]),
        ])
    func `A CSV file is read as spreadsheets write it`(csv: String, lines: [String]) throws {
        let found = try table(csv)
        #expect(found.lines == lines, "\(found.refusal?.message ?? "")")
    }

    @Test(
        arguments: [
            // A general parser made another table of each of these, or an error without a line.
            ("a,\"b\nc,d\ne,f\n", ":1: a quote is not closed in its line"),
            ("a,\"b\nb\"\nc,d\n", ":1: a quote is not closed in its line"),
            ("a,b\nc,", ":2: a line has a source project and a target project"),
            ("a,b\nc\n", ":2: a line has a source project and a target project"),
            ("a,b,c\n", ":1: a line has a source project and a target project"),
            ("# mine\na,b\n", ":1: a line has a source project and a target project"),
            ("a,b\nc,d\"e\"\n", ":2: a quote is not at the ends of a name"),
            ("a,b\n\"c\"x\"\",d\n", ":2: a quote is not at the ends of a name"),
        ])
    func `A line that is not two names is refused with its number`(
        csv: String, words: String
    ) throws {
        let refusal = try table(csv).refusal
        #expect(refusal?.message.contains("p.csv" + words) == true, "\(refusal?.message ?? "read")")
        #expect(refusal?.hint != nil)
    }

    @Test func `What a table cannot say anything about is refused`() throws {
        let table = "projects: { a: b }"
        #expect(refusal { try pipeline("projects: {}") }?.contains("maps no project") == true)
        #expect(
            refusal { try pipeline(#"projects: { a: "*" }"#) }?.contains("names no project") == true
        )
        #expect(
            refusal {
                try pipeline(
                    table,
                    source: "url: https://a.example/b.img, image: { disk_format: raw, name: b }")
            }?.contains("only images of clouds") == true)
        #expect(
            refusal { try pipeline(table, source: "cloud: alpha, project: x") }?
                .contains("this source has a `project`") == true)
        #expect(
            refusal { try pipeline(table, target: "cloud: beta, project: x") }?
                .contains("this target has a `project`") == true)
        #expect(
            refusal { try pipeline("", target: "cloud: beta, image: { owner: projects }") }?
                .contains("needs `projects`") == true)
        let admin = try pipeline(table, target: "cloud: beta, image: { owner: projects }")
        guard case .cloud(let target) = admin.targets[0] else {
            Issue.record("no cloud")
            return
        }
        #expect(target.rules.image.owner?.isProjectTable == true)
    }
}
