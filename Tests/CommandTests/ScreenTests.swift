// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing
import TranshipKit

@testable import tranship

/// The screens as people see them, in `Transcripts/Screens`.
@Suite struct ScreenTests {
    static let widths = [60, 80, 160]

    @Test(arguments: widths) func `The progress of a run fits the terminal`(columns: Int) throws {
        try GoldenScreen.expect(
            Pictures.progress(columns: columns), "progress", columns: columns)
    }

    @Test(arguments: widths) func `The end of a run fits the terminal`(columns: Int) throws {
        try GoldenScreen.expect(
            Pictures.end.lines(columns: columns), "end", columns: columns)
    }

    @Test(arguments: widths) func `The status of a run fits the terminal`(columns: Int) throws {
        try GoldenScreen.expect(Pictures.status(columns: columns), "status", columns: columns)
    }

    @Test(arguments: widths) func `A plan of 1,000 images fits one screen`(columns: Int) throws {
        let lines = Pictures.plan(columns: columns)
        #expect(lines.count <= 50)
        try GoldenScreen.expect(lines, "plan", columns: columns)
    }

    @Test func `A plan of a thousand different problems fits one screen as well`() {
        var overview = PlanOverview(namesTargets: true)
        for number in 1...1000 {
            var item = Sample.item("i\(number)")
            item.action = .refuse
            item.refusal = .init(TranshipError(.refused, "no \(number)", hint: "hint \(number)"))
            overview.add(item)
        }
        let lines = overview.lines(headline: "h", changes: [], columns: 80)
        #expect(lines.count < 24)
        #expect(lines.contains("! 1000 refused"))
        #expect(lines.contains("    … and 995 more, which -v lists"))
    }

    @Test func `More images than lines are counted`() {
        var live = Pictures.live
        live.images = Array(repeating: live.images[0], count: 100)
        let lines = RunScreen(live: live, headline: "h", columns: 80, rows: 16).lines
        #expect(lines.count == 15)
        #expect(lines.contains("  … and 89 more in flight"))
    }

    @Test func `A log has nothing but the last line after a good run`() {
        var report = Pictures.end
        report.status = .done
        report.groups = [
            .init(outcome: .done, images: 57, sizeBytes: 1),
            .init(outcome: .skipped, images: 3, sizeBytes: 1),
        ]
        report.notes = []
        report.steps = []
        #expect(report.logLines().isEmpty)
        #expect(
            report.lastLine
                == "ux-night run 3: exit 0, 57 done, 3 already there, 296 MiB sent, 163 KiB/s, in 31:00"
        )
    }

    @Test func `A log of a bad run names what is wrong and what to do`() {
        let report = Pictures.end
        #expect(report.logLines().contains { $0.contains("ux-night-wrong  checksum-mismatch") })
        #expect(
            report.logLines().contains { $0.contains("3. every try and message: tranship status") })
        #expect(
            report.lastLine.hasPrefix(
                "ux-night run 3: exit 6, 1 done, 1 failed, 12 refused, 1 not finished, 40 already there"
            ))
    }

    @Test(arguments: [
        ("a", 1), ("夜間", 4), ("e\u{301}", 1), ("🐧", 2), ("👩‍💻", 2), ("❤\u{FE0F}", 2), ("⚡", 2),
        ("→", 1),
        ("\u{301}", 0),
    ])
    func `A text takes the columns that terminals give it`(text: String, columns: Int) {
        #expect(text.columnCount == columns)
    }

    @Test func `A text is cut between characters, never within one`() {
        #expect("夜間イメージ".cut(toColumns: 6) == "夜間…")
        #expect("cafe\u{301}s".cut(toColumns: 5) == "cafe\u{301}s")
        #expect("abc".cut(toColumns: 0).isEmpty)
        #expect("夜".filled(toColumns: 4) == "夜  ")
    }

    @Test func `A name keeps its end, where names of one kind differ`() {
        #expect("night-image-0017".cutInMiddle(toColumns: 11) == "night…-0017")
        #expect("night-image-0017".cutInMiddle(toColumns: 16) == "night-image-0017")
        #expect("夜間イメージ1号".cutInMiddle(toColumns: 9) == "夜間…1号")
        #expect("night-0017".filled(toColumns: 4) == "nig…")
        #expect("9".filled(toColumns: 3, fromRight: true) == "  9")
    }

    @Test(
        arguments: [
            (0, "0 B"), (9 << 20, "9 MiB"), (1_468_007, "1.4 MiB"), (280 << 20, "280 MiB"),
        ] as [(Int64, String)])
    func `Sizes have few digits`(bytes: Int64, words: String) {
        #expect(ByteCount.short(bytes) == words)
    }

    @Test func `A line is wrapped at blanks and keeps its margin`() {
        #expect("  1. go on".wrapped(toColumns: 80, indent: 5) == ["  1. go on"])
        #expect(
            "  1. one two three".wrapped(toColumns: 10, indent: 5)
                == ["  1. one", "     two", "     three"])
        #expect("a  b".wrapped(toColumns: 80, indent: 2) == ["a  b"])
        #expect(
            "ab  9 MiB  one two".wrapped(toColumns: 15, indent: 11)
                == ["ab  9 MiB  one", "           two"])
        #expect(
            "go on: `a b c` now".wrapped(toColumns: 9, indent: 2)
                == ["go on:", "  `a b c`", "  now"])
        #expect(
            "id: 0123456789 x".wrapped(toColumns: 13, indent: 6)
                == ["id: 012345678", "  9 x"])
        #expect(
            "id: `0123456789` x".wrapped(toColumns: 14, indent: 6)
                == ["id:", "  `0123456789`", "      x"])
    }

    @Test func `No line is longer than the terminal, but for a command`() {
        let name = String(repeating: "r14-x", count: 15)
        let text = "    cloud \"alpha\" has no image \"\(name)\" of this project"
        let lines = text.wrapped(toColumns: 59, indent: 6)
        #expect(lines.allSatisfy { $0.columnCount <= 59 }, "\(lines)")
        // No text is lost, and the line before the long word is full.
        #expect(lines.first?.columnCount == 59)
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("      ") && !$0.hasPrefix("       ") })
        let joined = (lines.first ?? "") + lines.dropFirst().map { $0.dropFirst(6) }.joined()
        #expect(joined.filter { $0 != " " } == text.filter { $0 != " " })
        #expect(name.wrapped(toColumns: 20, indent: 2).first?.columnCount == 20)
    }

    @Test func `Names and targets share the room`() {
        var live = Pictures.live
        live.images = Array(live.images.prefix(1))
        live.images[0].name = "r14-s1000-image-number-0073"
        live.images[0].target = "archive:/tmp/a-folder/of/archives/r14"
        for (columns, most) in [(60, 59), (80, 79)] {
            let line = RunScreen(live: live, headline: "h", columns: columns).lines[1]
            let cells = line.split(separator: " ").map(String.init)
            #expect(line.columnCount <= most, "\(line)")
            #expect(cells[0].hasSuffix("-0073") && cells[1].hasSuffix("r14"), "\(line)")
            #expect(abs(cells[0].columnCount - cells[1].columnCount) < 10, "\(line)")
        }
        let wide = RunScreen(live: live, headline: "h", columns: 160).lines[1]
        #expect(wide.contains("  archive:/tmp/a-folder/of/archives/r14  "), "\(wide)")
    }

    @Test func `Images with one cause are one group, also with characters that are not seen`() {
        var overview = PlanOverview(namesTargets: true)
        for name in ["plain", "a\u{200D}b"] {
            var source = Sample.source("i")
            source.name = name
            var item = Sample.item("i", source: source)
            item.action = .refuse
            item.refusal = .init(
                TranshipError(.refused, "\(item.source.displayName.withControlsShown) is bad"))
            overview.add(item)
        }
        let lines = overview.problemLines(columns: 200)
        #expect(lines.count == 2, "\(lines)")
    }

    @Test func `A note that an image has several times names it once`() {
        var notes = AlikeNotes()
        for _ in 0..<3 { notes.add("a -> beta", "the source broke off") }
        notes.add("b -> beta", "the source broke off")
        #expect(notes.lines == ["4 times: a -> beta, b -> beta: the source broke off"])
    }

    @Test func `A number keeps its unit`() {
        #expect("it has 9 MiB".wrapped(toColumns: 9, indent: 2) == ["it has", "  9 MiB"])
    }

    @Test func `A part is shown in the unit of the whole`() {
        #expect(ByteCount.share(42 << 20, of: 280 << 20) == "42/280 MiB")
        #expect(ByteCount.share(1 << 19, of: 9 << 20) == "0.5/9 MiB")
    }

    @Test(arguments: [(0, "0:00"), (76, "1:16"), (3723, "1:02:03")] as [(Int64, String)])
    func `Durations look like clocks`(seconds: Int64, words: String) {
        #expect(ClockText.format(seconds) == words)
    }

    @Test(arguments: [50, 60, 72]) func `Help fits a narrow terminal and loses no word`(
        columns: Int
    ) async throws {
        let shell = try Shell()
        defer { shell.remove() }
        var texts = [PipelineReference.text]
        for command in ["", "copy", "doctor", "image list", "image create", "report"] {
            texts.append(try await shell.run("tranship \(command) --help").output)
        }
        for text in texts {
            let fitted = HelpText.fitted(text, columns: columns)
            #expect(
                fitted.split(whereSeparator: \.isWhitespace)
                    == text.split(whereSeparator: \.isWhitespace))
            for line in fitted.split(separator: "\n").map(String.init) {
                // A command for copying may be longer, and so may a word that is longer than the
                // rest of a line.
                let isWhole = line.hasPrefix("  $ ") || line.split(separator: " ").count == 1
                #expect(line.columnCount <= columns || isWhole, "\(line)")
            }
        }
        let error =
            "Error: \(String(repeating: "word ", count: 20))\nUsage: tranship copy [--a b] <c>"
        #expect(HelpText.fitted(error, columns: 60).contains("\nUsage: tranship copy [--a b] <c>"))
        #expect(HelpText.fitted(PipelineReference.text, columns: 80) == PipelineReference.text)
    }

    @Test func `Examples keep their commands, and what they do is below`() {
        let text = "  $ tranship copy alpha beta 'ubuntu-*'          every image of that name\nx"
        #expect(
            HelpText.fitted(text, columns: 60)
                == "  $ tranship copy alpha beta 'ubuntu-*'\n      every image of that name\nx")
    }

    @Test func `A command of a next step that does not fit has a line of its own`() {
        let step = EndReport.Step(
            "when beta answers again", command: "tranship run /etc/tranship/a-long-night.yaml")
        #expect(
            step.lines(number: 2, toColumns: 59) == [
                "  2. when beta answers again:",
                "     tranship run /etc/tranship/a-long-night.yaml",
            ])
        #expect(
            step.lines(number: 2, toColumns: 79) == [
                "  2. when beta answers again: tranship run /etc/tranship/a-long-night.yaml"
            ])
    }

    @Test(arguments: [
        ("/etc/t/night.yaml", "/etc/t/night.yaml"), ("a b.yaml", "'a b.yaml'"), ("", "''"),
        ("it's", "'it'\\''s'"), ("a\u{200D}7 b", "$'a\\342\\200\\2157 b'"),
        ("it's\n\\\u{1B}", "$'it\\'s\\012\\\\\\033'"),
    ])
    func `Commands can be pasted`(path: String, word: String) {
        #expect(path.shellQuoted == word)
    }
}
