// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationPipeline
import Testing

@testable import TranshipKit

struct PlaceLimitsTests {
    @Test func `The lowest limit that is stated for a place holds for all entries there`() {
        var places = PlaceLimits<Int>()
        places.add(0, at: "alpha", 3)
        places.add(1, at: "alpha", nil)
        places.add(2, at: "alpha", 2)
        places.add(3, at: "beta", 5)
        places.add(4, at: "gamma", nil)
        let alpha = Scheduler.PlaceLimit(place: "alpha", images: 2)
        #expect(
            places.limits == [
                0: alpha, 1: alpha, 2: alpha, 3: Scheduler.PlaceLimit(place: "beta", images: 5),
            ])
    }

    @Test(
        arguments: [
            ("https://Mirror.example/a/b.img?x=1", "https://mirror.example"),
            ("https://mirror.example:8443?x", "https://mirror.example:8443"),
            ("HTTP://mirror.example#a", "http://mirror.example"),
            ("http://mirror.example", "http://mirror.example"),
        ])
    func `The place of an address is its scheme, host and port`(url: String, place: String) {
        #expect(PlaceLimits.host(of: url) == place)
    }
}
