// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import MigrationModel
import TestSupport
import Testing

@testable import tranship

extension EndToEndTests {
    /// The screens of real runs in real terminals, in `Golden`. Names and sizes are fixed; times,
    /// rates and ids are masked. `TRANSHIP_WRITE_DOCS=1` writes the files again.
    @Suite struct GoldenScreenTests {
        @Test(
            "plan, progress, watching, a bad end and a good one fit the terminal",
            arguments: [60, 80, 160])
        func screens(columns: Int) async throws {
            try await scene("screen", under: "/tmp") { scene in
                let night = try await Night(scene)
                let terminal = PseudoTerminal(columns: columns, rows: 40)
                func golden(_ name: String) -> Golden { Golden("\(name)-\(columns)") }

                let plan = try await terminal.run(["plan", night.file], in: scene, journal: nil)
                #expect(plan.outcome.status == 0, plan.outcome.said)
                try golden("plan").expect(night.masked(plan.screen))

                async let running = terminal.run(["run", night.file], in: scene, journal: nil)
                try await night.begin()
                let watched = try await terminal.run(
                    ["status", "--watch"], in: scene, journal: nil)
                let run = try await running
                #expect(
                    run.outcome.status == ExitStatus.verificationMismatch.rawValue, run.outcome.said
                )
                try golden("progress").expectOne(of: night.frames(run.outcome.output, columns))
                try golden("bad-end").expect(night.masked(run.screen))
                try golden("watch").expectOne(of: night.frames(watched.outcome.output, columns))
                try golden("status").expect(night.masked(watched.screen))

                try night.mend()
                let good = try await terminal.run(["run", night.file], in: scene, journal: nil)
                #expect(good.outcome.status == 0, good.outcome.said)
                try golden("good-end").expect(night.masked(good.screen))
                let report = try await terminal.run(["report"], in: scene, journal: nil)
                // The lines above name the user and the machine.
                try golden("report").expect(
                    night.masked(report.screen).drop { !$0.hasPrefix("IMAGE") })
                try await night.spoil()
                let check = try await terminal.run(["check", night.file], in: scene, journal: nil)
                #expect(check.outcome.status == ExitStatus.differences.rawValue, check.outcome.said)
                try golden("check").expect(night.masked(check.screen))
            }
        }

        @Test("a dumb terminal, and one without colours, show the same words")
        func plain() async throws {
            try await scene("screen", under: "/tmp") { scene in
                let night = try await Night(scene)
                let terminal = PseudoTerminal(columns: 80, rows: 40)
                let plan = try await terminal.run(
                    ["plan", night.file], in: scene, journal: nil, environment: ["NO_COLOR": "1"])
                try Golden("plan-80").expect(night.masked(plan.screen))
                let run = try await terminal.run(
                    ["run", night.file], in: scene, term: "dumb", journal: nil)
                #expect(!run.outcome.output.contains("\u{1B}"), run.outcome.said)
                try Golden("dumb-80").expect(night.masked(run.screen))
            }
        }
    }
}

/// A run with several images that arrive, one that fails, one that is refused and one whose name is
/// taken.
private struct Night {
    /// The sizes that make the images end in this order.
    private static let imagesKiB = [600, 780, 990]
    private static let names = ["夜間イメージ ⚡", "cafe\u{301} nightly", "ubuntu-24.04"]

    private let scene: Scene
    let file = "night.yaml"

    init(_ scene: Scene) async throws {
        self.scene = scene
        for (index, name) in ["a", "b", "c"].enumerated() {
            try scene.file(
                "\(name).raw", bytes: Self.imagesKiB[index] << 10, seed: UInt64(index + 1))
        }
        for (index, name) in ["wrong", "odd", "taken"].enumerated() {
            try scene.file("\(name).raw", bytes: 20 << 10, seed: UInt64(index + 11))
        }
        try await scene.beta.add("\(scene.prefix)-taken", Sample.raw(1000, seed: 21))
        try write(good + bad)
    }

    private var good: [String] {
        zip(["a", "b", "c"], Self.names).map { file, name in
            """
              - file: ./\(file).raw
                image: { name: "\(scene.prefix)-\(name)", disk_format: raw }
            """
        }
    }

    private var bad: [String] {
        [
            """
              - file: ./wrong.raw
                image: { name: "\(scene.prefix)-wrong", disk_format: raw }
                checksum: sha256:\(String(repeating: "0", count: 64))
              - file: ./odd.raw
                image: { name: "\(scene.prefix)-odd", disk_format: qcow2 }
              - file: ./taken.raw
                image: { name: "\(scene.prefix)-taken", disk_format: raw }
            """
        ]
    }

    private func write(
        _ sources: [String], rest: String = "limits: { images: 4, bandwidth: 480KiB/s }"
    ) throws {
        _ = try scene.pipeline(
            """
            sources:
            \(sources.joined(separator: "\n"))
            targets: [{ cloud: beta, method: upload, on_conflict: fail }]
            \(rest)
            """, file: file)
    }

    /// Removes the faulty entries, and adds an image.
    func mend() throws {
        try scene.file("d.raw", bytes: 20 << 10, seed: 31)
        try write(
            good + [
                """
                  - file: ./d.raw
                    image: { name: "\(scene.prefix)-d", disk_format: raw }
                """
            ], rest: "")
    }

    /// Changes a copy at the target, and deletes another.
    func spoil() async throws {
        for image in try await scene.beta.images(scene.prefix) {
            if image.text("name").hasSuffix("ubuntu-24.04") { try await scene.beta.delete(image) }
            guard image.text("name").hasSuffix("⚡") else { continue }
            try await scene.beta.change(
                image.id, ["os_distro": "a text that was written at the target since"])
        }
    }

    /// Waits until the run reports its progress.
    func begin() async throws {
        let path = scene.folder.appendingPathComponent("tranship/\(scene.prefix).sqlite-progress")
            .path
        let isUp = await eventually(withinSeconds: 60) {
            FileManager.default.fileExists(atPath: path)
        }
        try #require(isUp)
    }

    // MARK: Masks

    /// Returns the screen with masks for the parts that differ from run to run. No mask changes a
    /// width. Only a word that is longer than the terminal may be longer than a row.
    func masked(_ screen: ScreenModel) -> [String] {
        #expect(screen.unknown.isEmpty, "\(screen.unknown)")
        for row in screen.longRows {
            #expect(!row.drop { $0 == " " }.contains(" "), "\(row)")
        }
        var lines = screen.lines
        while lines.last?.isEmpty == true { lines.removeLast() }
        // The lab has images of other tests as well.
        return lines.filter { !$0.contains(/[0-9] images? listed/) }.map { line in
            masked(line).replacing(/[\d.]+ ([KM]i)?B\/s/) { _ in "000 KiB/s" }
        }
    }

    private func masked(_ line: String) -> String {
        line.replacing(scene.prefix.suffix(6), with: "abcdef")
            // The beginning of a shortened name.
            .replacing(/e2e-screen-([0-9a-f]{1,5})…/) {
                "e2e-screen-\("abcdef".prefix($0.output.1.count))…"
            }
            .replacing(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) {
                String($0.output.0.map { $0 == "-" ? "-" : "0" })
            }
            .replacing(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z/) { zeroed($0.output.0) }
            .replacing(/[ (]\d+:\d\d(:\d\d)?\b/) { zeroed($0.output.0) }
            .replacing(/process \d+/) { _ in "process 00000" }
    }

    private func zeroed(_ text: Substring) -> String {
        String(text.map { $0.isNumber ? "0" : $0 })
    }

    /// Returns each screen that was drawn, with the current figures masked as well.
    func frames(_ output: String, _ columns: Int) -> [[String]] {
        var screen = ScreenModel(columns: columns)
        var frames: [[String]] = []
        // Each drawing begins by wiping the one before.
        for part in output.split(separator: "\r\u{1B}[", omittingEmptySubsequences: false)
            .enumerated()
        {
            screen.write((part.offset == 0 ? "" : "\r\u{1B}[") + part.element)
            let lines = screen.lines.map { maskedFigures(masked($0), columns) }
            // At the beginning and the end, there are fewer lines.
            let sending = lines.count { $0.contains("sending  00%") }
            if sending == Self.names.count { frames.append(lines) }
        }
        return frames
    }

    /// Masks the current figures, which may have one digit less or more, and the bar, whose length
    /// depends on them.
    private func maskedFigures(_ line: String, _ columns: Int) -> String {
        let tail = columns < 70 ? "" : "  000 KiB/s  0:00"
        return line.replacing(/sending +\d+% +[\d.]+\/(600|780|990) KiB.*/) { _ in
            "sending  00%  000/000 KiB\(tail)"
        }
        .replacing(/(\[[#-]+\] )?\d+%  [\d.]+ of/) {
            $0.output.1 == nil ? "00%  0.0 of" : "[--] 00%  0.0 of"
        }
        .replacing(/MiB  [\d.]+ ([KM]i)?B\/s/) { _ in "MiB  000 KiB/s" }
    }
}

/// A file with a screen.
private struct Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")
    private static let isWriting = ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] != nil

    private let file: URL

    init(_ name: String) { file = Self.folder.appendingPathComponent("\(name).txt") }

    func expect(_ lines: some Sequence<String>, at location: SourceLocation = #_sourceLocation)
        throws
    {
        let text = text(lines)
        if Self.isWriting { try write(text) }
        let golden = try String(contentsOf: file, encoding: .utf8)
        #expect(golden == text, "\(file.path) is not:\n\(text)", sourceLocation: location)
    }

    /// Expects that one of the frames is the golden one. When the files are written, takes the
    /// frame that was drawn most often.
    func expectOne(
        of frames: [[String]], at location: SourceLocation = #_sourceLocation
    ) throws {
        let texts = frames.map(text)
        if Self.isWriting {
            let counts = Dictionary(grouping: texts) { $0 }.mapValues(\.count)
            let most = try #require(counts.max { ($0.value, $1.key) < ($1.value, $0.key) })
            try write(most.key)
        }
        let golden = try String(contentsOf: file, encoding: .utf8)
        #expect(
            texts.contains(golden),
            "\(file.path) is none of:\n\(Set(texts).joined(separator: "\n"))",
            sourceLocation: location)
    }

    private func text(_ lines: some Sequence<String>) -> String {
        lines.joined(separator: "\n") + "\n"
    }

    private func write(_ text: String) throws {
        try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
