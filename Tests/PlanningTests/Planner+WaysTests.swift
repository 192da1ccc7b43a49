// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import Planning

@Suite struct PlannerWaysTests {
    private func choice(
        _ mode: TransferMode, copies: Int = 1, method: UploadMethod = .upload,
        isFile: Bool = false, restarts: Int = 0, isSpooled: Bool = false
    ) -> WayChoice {
        var transfer = Sample.transfer(method: method)
        var reading = SourceReading()
        reading.restarts = restarts
        transfer.reading = reading
        return WayChoice(
            mode, transfer, copies: copies, isOnThisMachine: isFile, isSpooled: isSpooled)
    }

    @Test func `Several targets and flaky sources are spooled, and the reason is told`() {
        #expect(!choice(.auto).spools)
        #expect(choice(.auto, copies: 2).spools)
        #expect(choice(.auto, copies: 2).reason == .severalTargets(count: 2))
        #expect(!choice(.auto, restarts: 1).spools)
        #expect(choice(.auto, restarts: 2).spools)
        #expect(choice(.auto, restarts: 2).reason == .sourceBreaks)
    }

    @Test func `Data that is in the spool as a whole is taken from there`() {
        #expect(choice(.auto, isSpooled: true).spools)
        #expect(choice(.auto, isSpooled: true).reason == .isSpooled)
        #expect(!choice(.stream, isSpooled: true).spools)
        #expect(!choice(.auto, method: .webDownload, isSpooled: true).spools)
    }

    @Test func `What the pipeline names is done`() {
        #expect(choice(.spool).spools)
        #expect(!choice(.stream, copies: 2).spools)
        #expect(choice(.stream).reason == .namedByPipeline)
    }

    @Test(arguments: TransferMode.allCases, [true, false])
    func `What is converted is always spooled`(mode: TransferMode, isFile: Bool) {
        var transfer = Sample.transfer()
        transfer.intent.source.published = PublishedData(
            compression: nil, conversion: Conversion(from: "qcow2", to: .raw, sizeBytesMax: 1))
        let choice = WayChoice(mode, transfer, copies: 1, isOnThisMachine: isFile)
        #expect(choice.spools)
        #expect(choice.reason == .dataIsConverted)
    }

    @Test(arguments: TransferMode.allCases)
    func `Files and what the target fetches are never spooled`(mode: TransferMode) {
        #expect(!choice(mode, copies: 2, isFile: true).spools)
        #expect(!choice(mode, copies: 2, method: .webDownload).spools)
    }
}
