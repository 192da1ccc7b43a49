// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@Suite struct MethodTimeTests {
    @Test(arguments: [
        (1, "about 0.1 s"), (949, "about 0.9 s"), (7000, "about 7 s"), (6450, "about 6.5 s"),
        (9_949, "about 9.9 s"), (12_800, "about 13 s"), (59_400, "about 59 s"),
        (90_000, "about 1m 30s"), (MethodTime.millisecondsMax, "about 11d 13h"),
    ])
    func `A time has as many digits as it is worth`(milliseconds: Int64, words: String) {
        let estimate = MethodEstimate(.upload, millisecondsPerGiB: milliseconds, .assumed)
        #expect(estimate.words == "upload takes \(words) a GiB (assumed)")
    }

    @Test(arguments: [
        (MethodEstimate.Basis.assumed, "assumed", "assumed", Int64?.none),
        (.measured(firstRun: 4, lastRun: 4), "measured", "measured in run 4", 4),
        (.measured(firstRun: 4, lastRun: 9), "measured", "measured in runs 4 to 9", 9),
        (
            .measuredElsewhere(lastRun: 9), "measured-elsewhere",
            "measured in run 9 with another source or target", 9
        ),
        (
            .limited(bytesPerSecond: 50 << 20, images: 4), "limited",
            "`limits.bandwidth` is 50.0 MiB/s for 4 images at once", nil
        ),
        (
            .limited(bytesPerSecond: 50 << 20, images: 1), "limited",
            "`limits.bandwidth` is 50.0 MiB/s", nil
        ),
    ])
    func `An estimate says how it is known`(
        basis: MethodEstimate.Basis, code: String, words: String, run: Int64?
    ) {
        #expect(basis.code == code)
        #expect(basis.lastRun == run)
        let estimate = MethodEstimate(.webDownload, millisecondsPerGiB: 1000, basis)
        #expect(estimate.words == "web-download takes about 1 s a GiB (\(words))")
    }
}
