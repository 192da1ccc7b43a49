// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// Tables about pipelines, with the options that the commands on one cloud have.
@Suite(.timeLimit(.minutes(5)))
struct RowOptionsTests {
    @Test func `Plan, status, check and report print tables`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        func table(_ command: String, status: Int32 = 0) async throws -> [String] {
            let outcome = try await desk.run("tranship \(command)")
            #expect(outcome.status == status, "\(outcome.said)")
            return outcome.output.split(separator: "\n").map(String.init)
        }
        #expect(
            try await table("plan night.yaml -f value -c action -c name -c size")
                == ["create copy 65536"])
        #expect(
            try await table("check night.yaml -f csv -c verdict -c Name", status: 4)
                == ["\"Verdict\",\"Name\"", "\"missing\",\"copy\""])
        _ = try await desk.run("tranship run night.yaml")
        #expect(
            try await table("status -f value -c state -c name -c error") == ["done copy "])
        let report = try await table("report -f yaml -c name -c bytes")
        #expect(report == ["- bytes: 65536", "  name: copy"])
        let whole = try await table("status -f table")
        #expect(whole.first?.hasPrefix("State") == true || whole[1].contains("State"), "\(whole)")
        #expect(try await table("check night.yaml -f value -c verdict") == ["same"])
    }

    @Test func `A name that begins like a formula is none in CSV`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let names = ["=cmd|'/c calc'!A0", "@SUM(1)", "-1", "+x", "a=b"]
        for (index, name) in names.enumerated() {
            desk.beta.put("\(index)", data: [1], ["name": .string(name)])
        }
        let list = try await desk.run("OS_CLOUD=beta tranship image list -f csv -c name")
        let rows = Set(list.output.split(separator: "\n").dropFirst().map(String.init))
        let wanted = ["'=cmd|'/c calc'!A0", "'@SUM(1)", "-1", "'+x", "a=b"].map { "\"\($0)\"" }
        #expect(rows == Set(wanted), "\(list.said)")
    }

    @Test func `A refused image is a row of status with its code`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("a.raw", "this is text, and no disk\n")
        try desk.write("night.yaml", Desk.pipeline())
        _ = try await desk.run("tranship run night.yaml")
        let rows = try await desk.run("tranship status -f value -c state -c name -c error")
        #expect(rows.output == "refused copy format-rejected\n", "\(rows.said)")
    }

    @Test func `A plan says what is not selected, and by which condition`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        for (name, fields) in [
            ("debian-12", [:]), ("queued", ["status": "queued"]),
            ("snap", ["image_type": "snapshot"]),
        ] as [(String, [String: JSONValue])] {
            desk.alpha.put(
                UUID().uuidString.lowercased(), data: Array(repeating: 7, count: 5000),
                ["name": .string(name), "disk_format": "raw", "container_format": "bare"]
                    .merging(fields) { $1 })
        }
        try desk.write(
            "cloud.yaml",
            """
            version: 1
            name: cloud
            sources:
              - cloud: alpha
                exclude: { name: "debian-*" }
            targets: [{ cloud: beta }]
            """)
        let plan = try await desk.run("tranship plan cloud.yaml")
        #expect(
            plan.output.contains(
                "- 3 not selected: 1 by `exclude`, 1 by `snapshots`, 1 by `status`; -v lists them"),
            "\(plan.said)")
        let long = try await desk.run("tranship plan cloud.yaml -v")
        #expect(
            long.output.contains("leave    queued of alpha: not selected: its status is queued"),
            "\(long.said)")
        #expect(long.output.contains("leave    snap of alpha: not selected: it is a snapshot"))
        let json = try await desk.run("tranship plan cloud.yaml --format json")
        #expect(
            json.output.contains(#""not_selected":{"exclude":1,"snapshots":1,"status":1}"#),
            "\(json.said)")
    }
}
