// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationPipeline
import TestSupport
import Testing

/// The kind of source that only tests have keeps the same promises as the others.
@Suite(.timeLimit(.minutes(5))) struct MemoryImagesTests {
    private struct TestMemory: TestSource {
        let memory = MemoryImages()
        var source: any ImageSource { memory }

        func put(_ bytes: [UInt8]) { memory.put("a", bytes) }
        func change() { memory.put("a", noise(1000, seed: 2)) }
        func remove() { memory.put("a", nil) }
    }

    @Test func `An image in memory is read as every source is`() async throws {
        try await checkConformance { TestMemory() }
    }
}
