// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import tranship

/// The drawing on a terminal below the lines that scroll.
@Suite(.timeLimit(.minutes(5))) struct DrawingTests {
    @Test func `A message leaves the drawing below it, in one piece`() {
        var drawing = Drawing()
        #expect(drawing.above("first\n", columns: 20, rows: 10) == "first\n")
        #expect(drawing.replaced(by: ["head", "total"], columns: 20, rows: 10) == "head\ntotal\n")
        #expect(
            drawing.above("a done\n", columns: 20, rows: 10)
                == "\r\u{1B}[2A\u{1B}[Ja done\nhead\ntotal\n")
        #expect(
            drawing.replaced(by: ["head"], columns: 20, rows: 10) == "\r\u{1B}[2A\u{1B}[Jhead\n")
        #expect(drawing.wiped(columns: 20) == "\r\u{1B}[1A\u{1B}[J")
        #expect(drawing.wiped(columns: 20) == "")
        #expect(drawing.above("last\n", columns: 20, rows: 10) == "last\n")
    }

    @Test func `A drawing is cut again to fit a terminal that changed its size`() {
        var drawing = Drawing()
        _ = drawing.replaced(by: ["one", "0123456789"], columns: 11, rows: 10)
        // The terminal has wrapped the longer line.
        #expect(
            drawing.above("x\n", columns: 6, rows: 10) == "\r\u{1B}[3A\u{1B}[Jx\none\n0123…\n")
        #expect(
            drawing.above("y\n", columns: 20, rows: 2) == "\r\u{1B}[2A\u{1B}[Jy\n0123456789\n")
    }

    @Test func `With many small images the totals are never off the screen`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let images = 40
        let made = try await desk.run(
            "mkdir s; for i in $(seq \(images)); do head -c 2000 /dev/urandom > s/i$i.raw; done")
        #expect(made.status == 0, "\(made.said)")
        try desk.write(
            "s.yaml",
            "version: 1\nname: s\nsources: [{ file: \"s/*\", image: { disk_format: raw } }]\n"
                + "targets: [{ archive: ./ar }]\n")
        let run = try await desk.run("tranship run s.yaml --progress tty")
        #expect(run.status == 0, "\(run.said)")
        // Each piece is the text of one write; the end of the run has no drawing.
        let pieces = run.talk.components(separatedBy: "\r\u{1B}[").filter {
            $0.contains(": done (")
        }
        #expect(pieces.count >= images, "\(run.said)")
        let without = pieces.filter {
            !$0.contains("elapsed") || !$0.contains(" of \(images) images")
        }
        #expect(without.isEmpty, "\(without)")
    }
}
