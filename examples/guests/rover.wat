;; A mod of examples/08_game.cpp: a rover that goes where the player steers, and measures how far it is from a beacon. It
;; has a fault.
(module
  (import "field" "steer" (func $steer (result i32)))
  (import "field" "plot" (func $plot (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\04\00\00\00\02\00\00\00") ;; where it is: x, y
  (global $score (export "score") (mut i32) (i32.const 0))
  (func (export "tick") (call $drive) (call $plot (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 82)))
  (func $drive (local $to i32)
    (local.set $to (call $steer))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.eq (local.get $to) (i32.const 1))))
    (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.eq (local.get $to) (i32.const 2))))
    (global.set $score
      (i32.add (global.get $score) (i32.div_s (i32.const 100) (i32.sub (i32.const 12) (i32.load (i32.const 0))))))))
