;; A mod of examples/game: it walks along its row, from one end to the other and back.
(module
  (import "meadow" "draw" (func $draw (param i32 i32)))
  (memory (export "memory") 1) ;; at 0: x and y
  (global $step (mut f32) (f32.const 0.5))
  (func (export "begin") (param $number i32) (param $seed i32)
    (f32.store (i32.const 0) (f32.convert_i32_u (i32.rem_u (local.get $seed) (i32.const 64))))
    (f32.store (i32.const 4) (f32.convert_i32_u (i32.rem_u (local.get $number) (i32.const 16)))))
  (func (export "tick") (param $frame i32) (local $x f32)
    (local.set $x (f32.add (f32.load (i32.const 0)) (global.get $step)))
    (if (i32.or (f32.lt (local.get $x) (f32.const 0)) (f32.ge (local.get $x) (f32.const 64)))
      (then (global.set $step (f32.neg (global.get $step))))
      (else (f32.store (i32.const 0) (local.get $x))))
    (call $draw (i32.const 0) (i32.const 0))))
