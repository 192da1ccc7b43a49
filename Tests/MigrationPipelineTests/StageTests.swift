// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

@Suite struct StageTests {
    @Test func `A target that the pipeline no longer has is reported`() {
        let error = #expect(throws: TranshipError.self) {
            try FakeWorld().stages().target(of: Sample.transfer(to: "omega"))
        }
        #expect(error?.code == .invalidPipeline)
        #expect(error?.message.contains("omega") == true)
    }

    @Test func `A source that the pipeline no longer has is reported`() {
        var source = Sample.source()
        source.sourceIndex = 3
        let error = #expect(throws: TranshipError.self) {
            try FakeWorld().stages().source(of: Sample.transfer(source: source))
        }
        #expect(error?.code == .invalidPipeline)
        #expect(error?.message.contains("source 4") == true)
    }
}
