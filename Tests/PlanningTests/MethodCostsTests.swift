// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@testable import Planning

@Suite struct MethodCostsTests {
    private func time(
        _ seconds: Int64, _ source: String = "a", _ target: String = "t",
        by method: UploadMethod = .upload, run: Int64 = 1, limit: Int64? = nil
    ) -> MethodTime {
        MethodTime(
            source: source, target: target, method: method, millisecondsPerGiB: seconds * 1000,
            runID: run, bandwidthBytesPerSecond: limit)
    }

    private func upload(
        _ costs: MethodCosts, _ source: String = "a", _ target: String = "t"
    ) -> MethodEstimate {
        costs.estimate(.upload, from: source, to: target)
    }

    @Test func `The median counts, so that one slow image changes nothing`() {
        let costs = MethodCosts([time(9, run: 4), time(500, run: 3), time(8, run: 2)])
        #expect(
            upload(costs)
                == .init(
                    .upload, millisecondsPerGiB: 9000, .measured(firstRun: 2, lastRun: 4)))
    }

    @Test func `Only the newest ones count`() {
        let old = (0..<50).map { _ in time(100, run: 1) }
        let new = (0..<MethodTime.countMax).map { _ in time(10, run: 2) }
        #expect(
            upload(MethodCosts(new + old))
                == .init(
                    .upload, millisecondsPerGiB: 10_000, .measured(firstRun: 2, lastRun: 2)))
    }

    @Test func `What a limit made slow counts until the limit is raised`() {
        let limited = [time(200, limit: 1000)]
        func basis(_ bandwidth: Int64?) -> MethodEstimate.Basis {
            upload(
                MethodCosts(
                    limited, bandwidthBytesPerSecond: bandwidth.map { $0 << 40 },
                    imagesAtOnce: .atMost(1))
            ).basis
        }
        #expect(upload(MethodCosts(limited)).basis == .assumed)
        #expect(basis(1) == .assumed)
        let same = MethodCosts(
            limited, bandwidthBytesPerSecond: 1000, imagesAtOnce: .atMost(1))
        #expect(upload(same).basis == .limited(bytesPerSecond: 1000, images: 1))
        let lower = MethodCosts([time(200, limit: 1 << 40)], bandwidthBytesPerSecond: 1 << 30)
        #expect(upload(lower).basis == .measured(firstRun: 1, lastRun: 1))
    }

    @Test func `A limit is shared by the images at once`() {
        func seconds(
            _ images: ImagesAtOnce, most: Int = 1000, paces: [String: PaceExperience] = [:]
        ) -> Int64 {
            upload(
                MethodCosts(
                    bandwidthBytesPerSecond: 1 << 20, imagesAtOnce: images, imagesMax: most,
                    paces: paces)
            ).millisecondsPerGiB / 1000
        }
        #expect(seconds(.atMost(1)) == 1024)
        #expect(seconds(.atMost(3)) == 3072)
        #expect(seconds(.automatic) == 1024 * Int64(ImagesAtOnce.first))
        #expect(seconds(.automatic, most: 2) == 2048)
        let known = PaceExperience(images: 16, isSettled: true)
        #expect(seconds(.automatic, paces: ["t": known]) == 16 * 1024)
        #expect(seconds(.automatic, paces: ["u": known]) == seconds(.automatic))
    }

    @Test func `A limit above the rate of the link says nothing`() {
        let costs = MethodCosts([time(100)], bandwidthBytesPerSecond: 1 << 30)
        #expect(upload(costs).basis == .measured(firstRun: 1, lastRun: 1))
    }

    @Test func `A limit does not slow what the service fetches`() {
        let costs = MethodCosts(bandwidthBytesPerSecond: 1)
        #expect(costs.estimate(.webDownload, from: "a", to: "t").basis == .assumed)
    }

    @Test func `Absurd limits trap nowhere`() {
        let slowest = MethodCosts(bandwidthBytesPerSecond: 1, imagesAtOnce: .atMost(1000))
        #expect(upload(slowest).millisecondsPerGiB == MethodTime.millisecondsMax)
        #expect(upload(MethodCosts(bandwidthBytesPerSecond: 0)).millisecondsPerGiB > 0)
    }

    // MARK: Other ends

    @Test func `The slower of two ends counts, each by its fastest upload`() {
        let costs = MethodCosts([
            time(30, "a", "u", run: 5), time(90, "a", "v", run: 6), time(20, "b", "t", run: 7),
        ])
        #expect(
            upload(costs)
                == .init(.upload, millisecondsPerGiB: 30_000, .measuredElsewhere(lastRun: 5)))
    }

    @Test func `Two fast ends are faster than what is assumed, and one end alone is not`() {
        let both = MethodCosts([time(2, "a", "u", run: 5), time(3, "b", "t", run: 6)])
        #expect(
            upload(both)
                == .init(.upload, millisecondsPerGiB: 3000, .measuredElsewhere(lastRun: 6)))
        #expect(upload(MethodCosts([time(2, "a", "u")])).basis == .assumed)
        // Staging and importing need time, no matter how fast the link is.
        #expect(both.estimate(.glanceDirect, from: "a", to: "t").basis == .assumed)
    }

    @Test func `Other ways say nothing of what neither end took part in`() {
        #expect(upload(MethodCosts([time(300, "b", "u")])).basis == .assumed)
    }

    @Test func `The newest measured image says what the last method was`() {
        let costs = MethodCosts([
            time(9, by: .glanceDirect), time(9, by: .webDownload), time(9),
            time(1, "b", by: .glanceDownload),
        ])
        let methods: [UploadMethod] = [.upload, .webDownload]
        #expect(costs.last(of: methods, from: "a", to: "t") == .webDownload)
        #expect(costs.last(of: [.glanceDownload, .upload], from: "a", to: "t") == .upload)
        #expect(costs.last(of: methods, from: "b", to: "t") == nil)
    }
}
