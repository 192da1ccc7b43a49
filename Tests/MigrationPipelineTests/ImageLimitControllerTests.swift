// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@testable import MigrationPipeline

@Suite struct ImageLimitControllerTests {
    /// A model of an Image service: an image takes `baseSeconds` alone. It takes longer with more
    /// images in flight than the service can handle at once.
    struct Service: Sendable, CustomTestStringConvertible {
        var name: String
        /// The number of images that the service handles at once without slowing down.
        var capacity: Double
        /// The cost of one more image beyond the capacity for all others; 0 loses no work.
        var loss = 0.0
        var baseSeconds = 1.0
        /// The number of images in flight beyond which the service answers 503.
        var refusesBeyond = Int.max
        var bytes: Int64 = 256 << 10
        var most = 64
        /// The range of the number after `images` images, nearly all of the time.
        var expected: ClosedRange<Int>
        var images = 600

        var testDescription: String { name }

        func seconds(_ inFlight: Int, _ chance: Double) -> Double {
            let beyond = max(0, Double(inFlight) - capacity)
            let slower = max(1, Double(inFlight) / capacity) * (1 + loss * beyond)
            return baseSeconds * slower * (0.85 + 0.3 * chance)
        }
    }

    private struct Moving {
        var beganAt: Int64
        var endsAt: Int64
    }

    /// Plays a run. Returns the number at each end of an image.
    private func play(
        _ service: Service, _ controller: inout ImageLimitController, seed: UInt64
    ) -> [Int] {
        var state = seed
        func chance() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 33) / Double(1 << 31)
        }
        var now: Int64 = 1_000_000
        var moving: [Moving] = []
        var numbers: [Int] = []
        while numbers.count < service.images {
            while moving.count < controller.images {
                let seconds = service.seconds(moving.count + 1, chance())
                moving.append(Moving(beganAt: now, endsAt: now + Int64(seconds * 1000)))
                controller.began(inFlight: moving.count)
            }
            guard let next = moving.indices.min(by: { moving[$0].endsAt < moving[$1].endsAt })
            else { break }
            now = max(now, moving[next].endsAt)
            if moving.count > service.refusesBeyond {
                controller.overloaded(beganAt: moving[next].beganAt, now: now)
            } else {
                controller.ended(
                    bytes: service.bytes, beganAt: moving[next].beganAt, now: now)
            }
            moving.remove(at: next)
            numbers.append(controller.images)
        }
        return numbers
    }

    private static let services = [
        Service(name: "does all at once", capacity: 1000, expected: 52...64),
        Service(name: "does all at once, with a quota", capacity: 1000, most: 10, expected: 7...10),
        Service(name: "does 32 at once", capacity: 32, expected: 20...56),
        Service(name: "does 8 at once", capacity: 8, expected: 5...18),
        Service(name: "does 2 at once", capacity: 2, expected: 1...8),
        Service(name: "does one at once", capacity: 1, expected: 1...8),
        Service(name: "gets slower beyond 8", capacity: 8, loss: 0.1, expected: 4...14),
        Service(name: "refuses beyond 12", capacity: 1000, refusesBeyond: 12, expected: 4...14),
        Service(
            name: "does 16 large images at once", capacity: 16, baseSeconds: 600, bytes: 20 << 30,
            expected: 10...30),
        Service(name: "is quick", capacity: 16, baseSeconds: 0.05, expected: 8...32),
    ]

    @Test(arguments: services)
    func `The number is near what the service takes best`(service: Service) {
        for seed in 1...20 as ClosedRange<UInt64> {
            var controller = ImageLimitController(most: service.most)
            #expect(controller.images == min(4, service.most))
            #expect(controller.experience == nil)
            let numbers = play(service, &controller, seed: seed)
            let late = numbers.dropFirst(service.images / 2)
            let good = late.count { service.expected.contains($0) }
            #expect(
                Double(good) >= 0.85 * Double(late.count),
                "seed \(seed): \(late.min() ?? 0) to \(late.max() ?? 0)")
            #expect(numbers.allSatisfy { (1...service.most).contains($0) })
        }
    }

    @Test func `It doubles while that pays, so that 100 images are enough`() {
        let service = Service(name: "", capacity: 1000, expected: 1...64, images: 100)
        var controller = ImageLimitController(most: 64)
        let numbers = play(service, &controller, seed: 1)
        #expect(numbers.contains(8) && numbers.contains(16) && numbers.contains(32))
        #expect(controller.experience == PaceExperience(images: 64, isSettled: false))
    }

    @Test func `The next run begins with what was learned`() throws {
        let service = Service(name: "", capacity: 16, expected: 1...64)
        var first = ImageLimitController(most: 64)
        _ = play(service, &first, seed: 3)
        let learned = try #require(first.experience)
        #expect(learned.isSettled)
        let second = ImageLimitController(learned, most: 64)
        #expect(second.images == learned.images)
        #expect(ImageLimitController(learned, most: 3).images == 3)
        #expect(
            ImageLimitController(PaceExperience(images: 0, isSettled: true), most: 64).images == 1)
    }

    @Test func `Fewer images than allowed say nothing`() {
        var controller = ImageLimitController(most: 64)
        for second in 1...100 as ClosedRange<Int64> {
            controller.began(inFlight: 3)
            controller.ended(bytes: 1, beganAt: second, now: second * 1000)
        }
        #expect(controller.images == 4)
        #expect(controller.experience == nil)
    }

    @Test func `One burst of refusals halves the number once`() {
        var controller = ImageLimitController(PaceExperience(images: 32, isSettled: true), most: 64)
        for _ in 0..<20 { controller.overloaded(beganAt: 500, now: 1000) }
        #expect(controller.images == 16)
        // These images began with the new number.
        controller.overloaded(beganAt: 1500, now: 2000)
        #expect(controller.images == 8)
        for second in 3...10 as ClosedRange<Int64> {
            controller.overloaded(beganAt: second * 1000, now: second * 1000)
        }
        #expect(controller.images == 1)
    }

    @Test func `A service that gets slower at the same number gets fewer images`() {
        var controller = ImageLimitController(PaceExperience(images: 16, isSettled: true), most: 16)
        var now: Int64 = 0
        func end(_ count: Int, everyMilliseconds: Int64) {
            for _ in 0..<count {
                now += everyMilliseconds
                controller.began(inFlight: 16)
                controller.ended(bytes: 1, beganAt: now, now: now)
            }
        }
        end(33, everyMilliseconds: 100)
        #expect(controller.images == 16)
        end(16, everyMilliseconds: 300)
        #expect(controller.images == 12)
    }
}
