// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Dispatch
import Testing

@testable import MigrationPipeline

@Suite(.timeLimit(.minutes(5))) struct StageQueueTests {
    @Test(arguments: StageName.allCases)
    func `A stage's work runs on the queue of that stage`(stage: StageName) async {
        let key = DispatchSpecificKey<StageName>()
        let queue = StageQueue(stage)
        queue.queue.setSpecific(key: key, value: stage)
        let found = await withTaskExecutorPreference(queue) {
            await Task.yield()
            return DispatchQueue.getSpecific(key: key)
        }
        #expect(found == stage)
    }

    @Test func `Many that wait hold no threads`() async {
        let queue = StageQueue(.wait)
        let shot = OneShot<Int>()
        await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<500 {
                group.addTask(executorPreference: queue) { try? await shot.value() }
            }
            group.addTask(executorPreference: queue) {
                shot.settle(.success(1))
                return 1
            }
            for await value in group { #expect(value == 1) }
        }
    }
}
