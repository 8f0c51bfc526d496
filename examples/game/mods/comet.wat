;; A mod of examples/game: a comet that falls, bounces, and leaves its last eight places behind.
(module
  (import "meadow" "draw" (func $draw (param i32 i32)))
  (memory (export "memory") 1) ;; at 0 the last eight places, a ring; at 64 how many there were; at 72 x and y
  (global $speed (export "speed") (mut f32) (f32.const 0))
  (func (export "begin") (param $number i32) (param $seed i32))
  (func (export "tick") (param $frame i32) (local $at i32) (local $i i32)
    (local.set $at (i32.mul (i32.rem_u (i32.load (i32.const 64)) (i32.const 8)) (i32.const 8)))
    (i64.store (local.get $at) (i64.load (i32.const 72)))
    (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
    (global.set $speed (f32.add (global.get $speed) (f32.const 0.12)))
    (f32.store (i32.const 72) (f32.add (f32.load (i32.const 72)) (f32.const 1.05)))
    (if (f32.ge (f32.load (i32.const 72)) (f32.const 64)) (then (f32.store (i32.const 72) (f32.const 0))))
    (f32.store (i32.const 76) (f32.add (f32.load (i32.const 76)) (global.get $speed)))
    (if (f32.ge (f32.load (i32.const 76)) (f32.const 15)) (then
      (f32.store (i32.const 76) (f32.const 15))
      (global.set $speed (f32.mul (global.get $speed) (f32.const -0.8)))))
    (loop $again
      (call $draw (i32.const 1) (local.get $i))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 64))))
    (call $draw (i32.const 5) (i32.const 72))))
